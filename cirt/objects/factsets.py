"""Sets of facts, shared by thousands of versions, and the effective TLP that is one of them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.db import insert_rows
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import strictest
from cirt.objects.models import ObjectFacts


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
    disputed: bool = False

    @property
    def fingerprint(self) -> str:
        """What came later counts only where it says something, so that rows of before are found."""
        *first, disputed = self
        said = (*first, "disputed") if disputed else tuple(first)
        return hashlib.sha256(repr(said).encode()).hexdigest()


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
        "disputed": facts.disputed,
    }
