"""Objects in hand while they are stored: locked, with all their versions and facts."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among, gathered
from cirt.kernel.inserting import insert_columns, new_ids
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import factsets
from cirt.objects.codec import StixObject
from cirt.objects.factsets import FactSet, Marked
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.policies import Policy, together


@dataclass(slots=True)
class Version:
    """A version of an object in hand; ``source`` only where it is new."""

    version_us: int
    sha256: bytes
    bound: Tlp | None
    facts: FactSet
    id: int
    facts_id: int = 0
    source: StixObject | None = None

    @property
    def new_source(self) -> StixObject:
        if self.source is None:
            raise TypeError("only a new version has its source at hand")
        return self.source


@dataclass(slots=True)
class Held:
    """An object in hand with all its versions."""

    object_id: int
    versions: dict[int, Version] = field(default_factory=dict)
    is_new: bool = False  # its row names the newest of its versions, which is not stored yet


Numbers = dict[tuple[str, int], int]  # ids for versions that are not here, by STIX id and instant


def lock(
    connection: sa.Connection,
    objects: Sequence[StixObject],
    *,
    brought_by_id: int | None,
    now: datetime,
    absent: AbstractSet[str] = frozenset(),
) -> tuple[dict[str, Held], Numbers]:
    """Every object's row, made where there is none, locked against others that bring it; ids for what is new.

    What was ``absent`` a moment ago is not looked for before an attempt to make it.
    """
    held = find_locked(connection, sorted({one.stix_id for one in objects} - absent))
    numbers = _number(connection, objects, held)
    missing = _newest([one for one in objects if one.stix_id not in held])
    if missing:
        held |= _make(connection, missing, numbers, brought_by_id, now)
        late = [one.stix_id for one in missing if one.stix_id not in held]
        held |= find_locked(connection, late)  # another transaction was quicker
    return held, numbers


def _number(
    connection: sa.Connection, objects: Sequence[StixObject], held: Mapping[str, Held]
) -> Numbers:
    places = dict.fromkeys(
        (one.stix_id, one.version_us)
        for one in objects
        if one.stix_id not in held or one.version_us not in held[one.stix_id].versions
    )
    return dict(zip(places, new_ids(connection, ObjectVersion, len(places)), strict=True))


def _newest(objects: Iterable[StixObject]) -> list[StixObject]:
    """Of each object the newest version; of two with the same time the first, which is the one that stays."""
    found: dict[str, StixObject] = {}
    for one in objects:
        here = found.get(one.stix_id)
        if here is None or one.version_us > here.version_us:
            found[one.stix_id] = one
    return sorted(found.values(), key=lambda one: one.stix_id)


def _make(
    connection: sa.Connection,
    newest: Sequence[StixObject],
    numbers: Numbers,
    brought_by_id: int | None,
    now: datetime,
) -> dict[str, Held]:
    ids = new_ids(connection, ObjectRow, len(newest))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "stix_id": [one.stix_id for one in newest],
        "type": [one.type for one in newest],
        "newest_id": [numbers[one.stix_id, one.version_us] for one in newest],
        "newest_us": [one.version_us for one in newest],
        "name": [one.name for one in newest],
        "revoked": [one.revoked for one in newest],
        "valid_until_us": [one.valid_until_us for one in newest],
    }
    same = {"brought_by_id": brought_by_id, "first_at": now}
    count = insert_columns(connection, ObjectRow, columns, same=same, unless=["stix_id"])
    made = set(ids) if count == len(ids) else _made_of(connection, ids)
    return {
        one.stix_id: Held(object_id, is_new=True)
        for object_id, one in zip(ids, newest, strict=True)
        if object_id in made
    }


def _made_of(connection: sa.Connection, ids: Sequence[int]) -> set[int]:
    query = sa.select(gathered(ObjectRow.id)).where(among(ObjectRow.id, ids))
    return set(connection.execute(query).scalar_one() or ())


def find_locked(connection: sa.Connection, stix_ids: Sequence[str]) -> dict[str, Held]:
    """Of these the objects that are here, with their versions, locked in one order."""
    if not stix_ids:
        return {}
    query = (
        sa.select(ObjectRow.stix_id, ObjectRow.id)
        .where(among(ObjectRow.stix_id, stix_ids))
        .order_by(ObjectRow.stix_id)
        .with_for_update(key_share=True)  # rows that only refer to an object need not wait
    )
    held = {row.stix_id: Held(row.id) for row in connection.execute(query)}
    _load_versions(connection, list(held.values()))
    return held


def _load_versions(connection: sa.Connection, held: Sequence[Held]) -> None:
    if not held:
        return
    by_id = {object_.object_id: object_ for object_ in held}
    query = (
        sa.select(
            ObjectVersion.id,
            ObjectVersion.object_id,
            ObjectVersion.version_us,
            ObjectVersion.sha256,
            ObjectVersion.bound_tlp,
            ObjectVersion.facts_id,
            *factsets.COLUMNS,
        )
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(ObjectVersion.object_id, by_id))
    )
    for row in connection.execute(query):
        facts = factsets.set_of(row)
        by_id[row.object_id].versions[row.version_us] = Version(
            row.version_us, row.sha256, row.bound_tlp, facts, row.id, row.facts_id
        )


def _bind_all(held: Held) -> None:
    newest = held.versions[max(held.versions)].facts
    versions = held.versions.values()
    personal = any(each.facts.personal for each in versions)
    withheld = any(each.facts.withheld for each in versions)
    permits = tuple(sorted({permit for each in versions for permit in each.facts.permits}))
    for each in versions:
        said = together([Policy(each.facts.pap, each.facts.iep), Policy(newest.pap, newest.iep)])
        each.facts = each.facts._replace(
            pap=said.pap, iep=said.iep, personal=personal, withheld=withheld, permits=permits
        )


def settle_facts(work: Work, held: Iterable[Held]) -> None:
    """Give every version its effective TLP and its row of facts; re-marks older ones (rulings 1).

    What the newest version's policies say binds the earlier ones as well, and what is known of one version (personal
    data, the do-not-share list, permissions) holds for the object. That is an act of its own for the trail, by which whoever remembers a page knows that it may not stand.
    """
    connection = work.session.connection()
    versions: list[Version] = []
    for object_ in held:
        mine = list(object_.versions.values())
        marked = [
            Marked(v.version_us, v.facts.written_tlp, v.bound, v.facts.companion) for v in mine
        ]
        for version, tlp in zip(mine, factsets.effective(marked), strict=True):
            if version.facts.tlp is not tlp:
                version.facts = version.facts._replace(tlp=tlp)
        if len(mine) > 1:
            _bind_all(object_)
        versions += mine
    ids = factsets.ids_of(connection, {version.facts for version in versions})
    changed = []
    for version in versions:
        facts_id = ids[version.facts]
        if version.source is None and version.facts_id != facts_id:
            changed.append({"its_id": version.id, "its_facts": facts_id})
        version.facts_id = facts_id
    if changed:
        work.audit("objects.remark", "", versions=len(changed))
        statement = sa.update(ObjectVersion).where(ObjectVersion.id == sa.bindparam("its_id"))
        connection.execute(statement.values(facts_id=sa.bindparam("its_facts")), changed)
