"""TLP:RED versions for those of the team who are named on their object (rulings 5)."""

from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.sharing.facts import Recipient, StaffReader
from cirt.sharing.models import NamedPerson
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader
from cirt.sharing.rules import decide
from cirt.sharing.standing import FACTS, facts_of


def named_on(person_id: int | None) -> sa.ColumnElement[bool]:
    """On StixObject: this person of the team is named on it."""
    return sa.exists().where(
        NamedPerson.subject == StixObject.stix_id, NamedPerson.person_id == person_id
    )


def shown_objects(work: Work) -> sa.ColumnElement[bool]:
    """On ObjectFacts and StixObject: what the actor may see, looked up by its id; lists show no RED."""
    reader = staff_reader(work.actor)
    red = sa.and_(ObjectFacts.tlp == Tlp.RED, named_on(reader.person_id))
    return sa.or_(visible_facts(reader, None, work.now), red)


def red_for(work: Work, recipient: Recipient, version_ids: Collection[int]) -> frozenset[int]:
    """Those of these versions that are RED and whose object names the reader."""
    if not isinstance(recipient, StaffReader) or recipient.person_id is None:
        return frozenset()
    query = (
        sa.select(ObjectVersion.id.label("version_id"), *FACTS)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            among(ObjectVersion.id, version_ids),
            ObjectFacts.tlp == Tlp.RED,
            named_on(recipient.person_id),
        )
    )
    named = frozenset({recipient.person_id})
    return frozenset(
        row.version_id
        for row in work.connection.execute(query)
        if decide(replace(facts_of(row), named=named), recipient, None, work.now).lets_leave()
    )
