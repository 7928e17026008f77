"""Sets of facts, shared by thousands of versions, and the effective TLP that is one of them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_rows
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import strictest
from cirt.objects.models import ObjectFacts
from cirt.objects.policies import Iep, Pap


class FactSet(NamedTuple):
    """The columns of ObjectFacts, as a value."""

    type: str
    tlp: Tlp
    written_tlp: Tlp | None
    origin_id: int | None
    creator: str | None
    sector: str | None
    vouched: bool
    companion: bool
    pap: Pap | None = None
    iep: Iep = Iep()
    personal: bool = False
    withheld: bool = False
    permits: tuple[int, ...] = ()  # permissions of its source that name it, sorted
    disputed: bool = False
    marks: tuple[str, ...] = ()  # definitions beside TLP that its bytes name, sorted

    @property
    def fingerprint(self) -> str:
        """Sets that say nothing by the later columns have the one that they had before these came."""
        before = tuple(self)[:_LAST]
        first, later = before[:_FIRST], before[_FIRST:]
        said = first if later == _NOTHING_LATER else before
        said = tuple(self) if self.marks else said
        return hashlib.sha256(repr(said).encode()).hexdigest()


_FIRST = FactSet._fields.index("pap")
_LAST = FactSet._fields.index("marks")
_NOTHING_LATER: tuple[object, ...] = (None, Iep(), False, False, (), False)

COLUMNS = (
    ObjectFacts.type,
    ObjectFacts.tlp,
    ObjectFacts.written_tlp,
    ObjectFacts.origin_id,
    ObjectFacts.creator,
    ObjectFacts.sector,
    ObjectFacts.vouched,
    ObjectFacts.companion,
    ObjectFacts.pap,
    ObjectFacts.iep_start_us,
    ObjectFacts.iep_end_us,
    ObjectFacts.iep_actions,
    ObjectFacts.iep_unnamed,
    ObjectFacts.iep_quiet,
    ObjectFacts.personal,
    ObjectFacts.withheld,
    ObjectFacts.permits,
    ObjectFacts.disputed,
    ObjectFacts.marks,
)


def set_of(row: Any) -> FactSet:
    """From a row with ``COLUMNS``."""
    return FactSet(
        type=row.type,
        tlp=row.tlp,
        written_tlp=row.written_tlp,
        origin_id=row.origin_id,
        creator=row.creator,
        sector=row.sector,
        vouched=row.vouched,
        companion=row.companion,
        pap=row.pap,
        iep=iep_of(row),
        personal=row.personal,
        withheld=row.withheld,
        permits=permits_of(row.permits),
        disputed=row.disputed,
        marks=tuple(row.marks.split()) if row.marks else (),
    )


def iep_of(row: Any) -> Iep:
    return Iep(row.iep_start_us, row.iep_end_us, row.iep_actions, row.iep_unnamed, row.iep_quiet)


def permits_of(written: str | None) -> tuple[int, ...]:
    """As ``_write_permits`` writes them."""
    return tuple(map(int, written.split())) if written else ()


def _write_permits(permits: tuple[int, ...]) -> str | None:
    """With a space on both sides of each, so that one can be looked for."""
    return f" {' '.join(map(str, permits))} " if permits else None


class Marked(NamedTuple):
    """What the effective TLP of one version follows from."""

    version_us: int
    written: Tlp | None  # what its bytes say
    bound: Tlp | None  # the default bound at receipt, where they say nothing
    companion: bool


def effective(versions: Sequence[Marked]) -> list[Tlp]:
    """Of all versions of one object, in the order given (rulings 1, 2 and 4)."""
    said = [version for version in versions if version.written is not None]
    governing = max(said, key=lambda version: version.version_us, default=None)
    return [_effective(version, governing) for version in versions]


def _effective(version: Marked, governing: Marked | None) -> Tlp:
    if version.companion:
        return Tlp.CLEAR
    own = version.written or version.bound or Tlp.AMBER
    if governing is None or governing is version or governing.version_us < version.version_us:
        return own
    return strictest([own, governing.written]) or own


def ids_of(connection: sa.Connection, wanted: Iterable[FactSet]) -> dict[FactSet, int]:
    """The row of each set; made where there is none, also when two transactions make it at once."""
    sets = {facts.fingerprint: facts for facts in wanted}
    found = _find(connection, sets)
    missing = sorted(sets.keys() - found.keys())
    if missing:
        rows = [_row(fingerprint, sets[fingerprint]) for fingerprint in missing]
        insert_rows(connection, ObjectFacts, rows, unless=["fingerprint"])
        found |= _find(connection, missing)
    return {facts: found[fingerprint] for fingerprint, facts in sets.items()}


def _find(connection: sa.Connection, fingerprints: Iterable[str]) -> dict[str, int]:
    query = sa.select(ObjectFacts.fingerprint, ObjectFacts.id)
    rows = connection.execute(query.where(among(ObjectFacts.fingerprint, fingerprints)))
    return {row.fingerprint: row.id for row in rows}


def _row(fingerprint: str, facts: FactSet) -> dict[str, object]:
    return {
        "fingerprint": fingerprint,
        "type": facts.type,
        "tlp": facts.tlp,
        "written_tlp": facts.written_tlp,
        "origin_id": facts.origin_id,
        "creator": facts.creator,
        "sector": facts.sector,
        "vouched": facts.vouched,
        "companion": facts.companion,
        "pap": facts.pap,
        "iep_start_us": facts.iep.start_us,
        "iep_end_us": facts.iep.end_us,
        "iep_actions": facts.iep.actions,
        "iep_unnamed": facts.iep.unnamed,
        "iep_quiet": facts.iep.quiet,
        "personal": facts.personal,
        "withheld": facts.withheld,
        "permits": _write_permits(facts.permits),
        "disputed": facts.disputed,
        "marks": " ".join(facts.marks) or None,
    }
