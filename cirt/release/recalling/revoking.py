"""Recall: our own object is revoked, everywhere at once (rulings 16).

The revoked version is bare from the start: what the standard demands, the creator and the markings. It is the one
that the house keeps as the newest and the one that leaves, so nobody can be told more than another.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.store import put_many
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident, IncidentObservable
from cirt.register.sight import for_trail
from cirt.release.commands import Revoke
from cirt.release.company import definitions_named
from cirt.release.errors import AlreadyRevoked, NotOurObject
from cirt.release.handing.service import prepare_recall
from cirt.release.holdings.queries import holds_of
from cirt.release.locks import feeds_of, lock_around
from cirt.release.models import CollectionEntry, Feed
from cirt.release.offers import candidates, offer
from cirt.release.recalling.consequences import of_holds
from cirt.release.recalling.letters.preparing import prepare_letters
from cirt.release.recalling.models import LetterKind, RecallKind
from cirt.release.recalling.releases import recall_proposals
from cirt.release.recalling.rights import check_may_recall
from cirt.release.recalling.withdrawing import is_ours, lock_object
from cirt.release.recalling.writing import note_recall
from cirt.release.removal import take_out_standing
from cirt.sharing.gate import show


@dataclass(frozen=True, slots=True)
class Recalled:
    """``told`` are the peers to whom an earlier version went and who will now read of the revocation."""

    stix_id: str
    version_id: int
    version_text: str
    told: list[int]


def revoke_indicator(work: Work, cmd: Revoke) -> Recalled:
    """Revoke an object of ours. Whoever fetched it reads a bare revocation, nobody else reads anything.

    Who had it and reads nothing here any more gets a letter, which is prepared and waits for a person.

    Raises:
        NoSuchObject, NotOurObject, AlreadyRevoked, ReasonNeeded, NotYourIncident, NotAllowed.
    """
    work.require("indicator:write")
    if not cmd.reason.strip():
        raise ReasonNeeded
    found = _ours(work.session, cmd.stix_id)
    check_may_recall(work, found.id)
    newest = found.newest_id or 0
    bare = build.bare_revocation(show(work, newest).body, work.now)
    [stored] = put_many(
        work, [bare], origin_id=None, sector=_sector(work.session, newest), bare=True
    )
    told, by_mail = _tell_readers(work, found.id, stored.version_id)
    persons = prepare_recall(work, found.id)
    strictest = Tlp.CLEAR
    for incident_id, tlp, value in _incidents(work.session, found.id):
        strictest = max(strictest, tlp)
        note_entry(
            work,
            incident_id,
            EntryKind.REVOKED,
            value=value,
            object=found.stix_id,
            reason=cmd.reason,
        )
    why = for_trail(strictest, cmd.reason)
    recall = note_recall(work, found.id, RecallKind.REVOKED, why, stored.version_id)
    prepare_letters(work, recall, LetterKind.CLOSED, by_mail)
    recall_proposals(work, found.id)
    facts = {"told": told, "by_mail": by_mail, "persons": persons}
    work.audit("recall", found.stix_id, version=stored.version_text, **facts, reason=why)
    return Recalled(found.stix_id, stored.version_id, stored.version_text, told)


def _ours(session: Session, stix_id: str) -> StixObject:
    found, facts = lock_object(session, stix_id)
    if not is_ours(session, facts):
        raise NotOurObject(stix_id=stix_id)
    if found.revoked:
        raise AlreadyRevoked(stix_id=stix_id)
    return found


def _sector(session: Session, version_id: int) -> str | None:
    query = sa.select(ObjectFacts.sector).join(
        ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id
    )
    return session.scalar(query.where(ObjectVersion.id == version_id))


def _tell_readers(work: Work, object_id: int, revoked_id: int) -> tuple[list[int], list[int]]:
    """Close every row of the object, then append the revocation where an earlier version was fetched.

    Peers that read of it, and those that can be told by letter only. A peer that lost a collection since finds
    the row there when it may read it again.
    """
    session = work.session
    lock_around(session, [object_id])
    take_out_standing(work, CollectionEntry.object_id == object_id)
    holds = holds_of(session, [object_id]).get(object_id, [])
    becomes = of_holds(work, holds)
    fetched = {hold.feed_id for hold in holds if hold.feed_id is not None and hold.had_it}
    named = candidates(session, definitions_named(session, [revoked_id]))
    for feed in feeds_of(session, Feed.id.in_(fetched)):
        offer(work, feed, named)  # whoever begins anew must be able to read the revocation
        offer(work, feed, candidates(session, [revoked_id]), recall=True)
    return sorted(becomes.told), sorted(becomes.by_mail)


def _incidents(session: Session, object_id: int) -> list[tuple[int, Tlp, str]]:
    """Incidents whose observable became this object, with their marking and its value."""
    query = sa.select(Incident.id, Incident.tlp, IncidentObservable.value).join(
        IncidentObservable, IncidentObservable.incident_id == Incident.id
    )
    rows = session.execute(query.where(IncidentObservable.object_id == object_id).distinct())
    return [(row.id, row.tlp, row.value) for row in rows]
