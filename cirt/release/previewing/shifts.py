"""What becomes visible or vanishes for one reader, in counts by type and marking, with a few examples."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects of one type and marking in one collection."""

    type: str
    tlp: Tlp
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """``name`` is the STIX id where the object has none."""

    stix_id: str
    name: str
    type: str
    tlp: Tlp


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes visible, or vanishes, in one collection; examples only as far as the asker may read them."""

    count: int
    kinds: list[Kind]
    examples: list[Example]


def shift_of(work: Work, objects: Mapping[int, int]) -> Shift:
    """Of objects, each with a version of it; counted by the facts that they share."""
    if not objects:
        return Shift(0, [], [])
    query = (
        sa.select(ObjectVersion.facts_id, sa.func.count())
        .where(among(ObjectVersion.id, objects.values()))
        .group_by(ObjectVersion.facts_id)
    )
    counts = dict(work.connection.execute(query).all())
    facts = sa.select(ObjectFacts.id, ObjectFacts.type, ObjectFacts.tlp)
    kinds: dict[tuple[str, Tlp], int] = defaultdict(int)
    for facts_id, kind, tlp in work.connection.execute(facts.where(among(ObjectFacts.id, counts))):
        kinds[kind, tlp] += counts[facts_id]
    ordered = sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
    return Shift(
        len(objects),
        [Kind(kind, tlp, count) for (kind, tlp), count in ordered],
        _examples(work, objects),
    )


def _examples(work: Work, objects: Mapping[int, int]) -> list[Example]:
    """The youngest few that the asker may read."""
    query = (
        sa.select(StixObject.stix_id, ObjectVersion.name, ObjectFacts.type, ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            among(StixObject.id, list(objects)),
            visible_facts(staff_reader(work.actor), None, work.now),
            ObjectFacts.companion.is_(False),
        )
        .order_by(StixObject.id.desc())
        .limit(EXAMPLES)
    )
    return [
        Example(row.stix_id, row.name or row.stix_id, row.type, row.tlp)
        for row in work.connection.execute(query)
    ]
