"""What another made is never revoked by us: it is offered no longer, and a letter to its author is prepared (rulings 16)."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.register.models import Incident, IncidentObservable
from cirt.register.sight import for_trail
from cirt.release.commands import Withdraw
from cirt.release.errors import NoSuchObject, NothingOffered, OursToRevoke
from cirt.release.locks import lock_collections
from cirt.release.models import CollectionEntry
from cirt.release.recalling.letters.preparing import prepare_letters
from cirt.release.recalling.models import LetterKind, Recall, RecallKind
from cirt.release.recalling.releases import recall_proposals
from cirt.release.recalling.rights import check_may_recall
from cirt.release.recalling.writing import note_recall
from cirt.release.removal import take_out_standing


def withdraw(work: Work, cmd: Withdraw) -> Recall:
    """Offer an object of another no longer, to nobody. Who has it is not told by us: its author may revoke it.

    What a peer posted in a shared collection stays: that is the peer's to remove.

    Raises:
        NoSuchObject, OursToRevoke, NothingOffered, ReasonNeeded, NotYourIncident, NotAllowed.
    """
    work.require("indicator:write")
    if not cmd.reason.strip():
        raise ReasonNeeded
    found, facts = lock_object(work.session, cmd.stix_id)
    if is_ours(work.session, facts):
        raise OursToRevoke(stix_id=cmd.stix_id)
    check_may_recall(work, found.id)
    if not close_released(work, [found.id]):
        raise NothingOffered(stix_id=cmd.stix_id)
    reason = for_trail(strictest_incident(work.session, found.id), cmd.reason.strip())
    recall = note_recall(work, found.id, RecallKind.WITHDRAWN, reason)
    author = author_of(work.session, facts)
    if author is not None:
        prepare_letters(work, recall, LetterKind.AUTHOR, [author])
    recall_proposals(work, found.id)
    work.audit("recall.withdraw", found.stix_id, author=author, reason=reason)
    return recall


def lock_object(session: Session, stix_id: str) -> tuple[StixObject, ObjectFacts]:
    """An object with the facts of its newest version, held until commit.

    Raises:
        NoSuchObject.
    """
    row = session.execute(
        sa.select(StixObject, ObjectFacts)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(StixObject.stix_id == stix_id)
        .with_for_update(of=StixObject, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NoSuchObject(stix_id=stix_id[:300])
    return row[0], row[1]


def newest_facts(session: Session, object_id: int) -> ObjectFacts:
    """Of the newest version, to be shown."""
    query = (
        sa.select(ObjectFacts)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(StixObject, StixObject.newest_id == ObjectVersion.id)
    )
    return session.scalars(query.where(StixObject.id == object_id)).one()


def is_released(session: Session, object_id: int) -> bool:
    """Whether it stands in a collection by our release."""
    stands = sa.exists().where(
        CollectionEntry.object_id == object_id, CollectionEntry.brought_by_id.is_(None)
    )
    return bool(session.scalar(sa.select(stands)))


def is_ours(session: Session, facts: ObjectFacts) -> bool:
    return facts.origin_id is None and facts.creator == ourselves(session).identity_id


def author_of(session: Session, facts: ObjectFacts) -> int | None:
    """The peer that says it made this, else the one that brought it."""
    named = sa.select(Peer.id).where(Peer.identity_id == facts.creator)
    return session.scalar(named.limit(1)) or facts.origin_id


def close_released(work: Work, object_ids: Iterable[int]) -> bool:
    """Take what we released of these out of every collection; whether there was any."""
    ours = CollectionEntry.object_id.in_(list(object_ids)), CollectionEntry.brought_by_id.is_(None)
    standing = sa.select(CollectionEntry.collection_id).where(*ours)
    lock_collections(work.session, set(work.session.scalars(standing)))
    return take_out_standing(work, *ours)


def strictest_incident(session: Session, object_id: int) -> Tlp:
    """Of the incidents whose observable became this object, or that know of it."""
    query = (
        sa.select(Incident.tlp)
        .join(IncidentObservable, IncidentObservable.incident_id == Incident.id)
        .where(IncidentObservable.object_id == object_id)
    )
    return max(session.scalars(query), default=Tlp.CLEAR)
