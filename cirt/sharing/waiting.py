"""How strict what came and was not taken is to be kept, by all that its text shows."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.objects.glimpse import glimpse
from cirt.objects.markings import strictest
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.resolve import meanings

_UNMARKED = Tlp.AMBER


def level_of(session: Session, raw: bytes, stix_id: str | None) -> Tlp | None:
    """The strictest of what it says itself and what is known of its object; None: nobody can say yet."""
    seen = glimpse(raw)
    known = meanings(session, [], seen.refs)
    if seen.refs - known.keys() - seen.stated.keys():
        return None
    said = [known.get(ref) for ref in seen.refs]
    return strictest([*said, *seen.stated.values(), *_here(session, stix_id)]) or _UNMARKED


def _here(session: Session, stix_id: str | None) -> list[Tlp]:
    if not stix_id:
        return []
    query = (
        sa.select(ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(StixObject.stix_id == stix_id)
        .distinct()
    )
    return list(session.scalars(query))
