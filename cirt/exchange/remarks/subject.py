"""The object that is spoken of, as the actor may see it."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.exchange.remarks.errors import NoSuchObject
from cirt.exchange.remarks.rules import markings_beside
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.sharing.gate import show


@dataclass(frozen=True, slots=True)
class Subject:
    """``refs`` are its markings, granular ones as well; ``brought_by_id`` None: ours."""

    stix_id: str
    tlp: Tlp
    refs: tuple[str, ...]
    brought_by_id: int | None

    def markings(self, chosen: Tlp) -> list[str]:
        """
        Raises:
            RedNotSaid, MarkingLower.
        """
        return markings_beside(self.refs, self.tlp, chosen)


def find_subject(work: Work, stix_id: str) -> Subject:
    """Held until commit, so that two who speak of it at once follow one another.

    Raises:
        NoSuchObject: there is none, or it is not for the actor.
    """
    query = (
        sa.select(StixObject.newest_id, StixObject.brought_by_id, ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(StixObject.stix_id == stix_id)
        .with_for_update(of=StixObject, key_share=True)
    )
    row = work.session.execute(query).one_or_none()
    if row is None or row.newest_id is None:
        raise NoSuchObject(stix_id=stix_id[:80])
    content = codec.read(show(work, row.newest_id).body)
    if isinstance(content, codec.Refusal):
        raise NoSuchObject(stix_id=stix_id[:80])
    refs = content.marking_refs + content.granular_refs
    return Subject(stix_id, row.tlp, refs, row.brought_by_id)
