"""Asking for a release: what, to which collections, and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.four_eyes.service import person_acting
from cirt.parties.rights import names_who
from cirt.register.models import EntryKind
from cirt.register.sight import get_incident
from cirt.release.collections import find_collection
from cirt.release.commands import AskAgain, AskRelease
from cirt.release.errors import (
    CollectionMissing,
    InboxNotOffered,
    NoSuchObject,
    NoSuchRelease,
    NothingWouldLeave,
    ObjectsMissing,
    PersonUnknown,
    ReasonMissing,
    ReleaseDecided,
    TitleMissing,
    TooFewToApprove,
    TwoWays,
)
from cirt.release.eyes import DECIDE, note_asker
from cirt.release.models import (
    Collection,
    CollectionKind,
    Proposal,
    ProposalCollection,
    ProposalObject,
    ProposalPerson,
    ProposalState,
)
from cirt.release.requests import get_proposal, reads_words, tell
from cirt.release.rows import keep_rows
from cirt.release.weighing import Weighed, newest_versions, weigh, weigh_asked
from cirt.sharing.agreements.persons import AgreementPerson
from cirt.sharing.red import shown_objects

TITLE_MAX = 200


def ask_release(work: Work, cmd: AskRelease) -> Proposal:
    """Ask that objects leave.

    Raises:
        ReleaseIncomplete, NoSuchCollection, NoSuchObject, NoSuchIncident, NothingWouldLeave, NotAllowed.
        TooFewToApprove: unless it is asked anyway.
    """
    work.require("release:ask")
    account_id, person_id = person_acting(work)
    version_ids = _chosen_versions(work, cmd)
    _check_complete(cmd, version_ids)
    incident = get_incident(work, cmd.incident) if cmd.incident else None
    proposal = Proposal(
        reference=next_reference(work, Reference.RELEASE),
        title=cmd.title.strip()[:TITLE_MAX],
        reason=cmd.reason.strip(),
        sector=cmd.sector or None,
        state=ProposalState.ASKED,
        incident_id=incident.id if incident else None,
        asked_by_id=account_id,
        asked_at=work.now,
    )
    work.session.add(proposal)
    work.session.flush()
    note_asker(work.session, proposal, account_id, person_id)
    work.session.add_all(
        ProposalCollection(proposal_id=proposal.id, collection_id=each)
        for each in _named_collections(work.session, cmd.collections)
    )
    work.session.add_all(
        ProposalPerson(proposal_id=proposal.id, person_id=each)
        for each in _named_persons(work.session, cmd.persons)
    )
    _name_versions(work.session, proposal, version_ids)
    weighed = _show(work, proposal)
    if not cmd.anyway:
        _check_enough(work.session, weighed, {person_id})
    return proposal


def foresee(work: Work, cmd: AskRelease) -> Weighed:
    """What asking for this would show; nothing is asked for. Title and reason may be missing.

    Raises:
        ReleaseIncomplete, NoSuchCollection, NoSuchObject, NotAllowed.
    """
    work.require("release:ask")
    version_ids = _chosen_versions(work, cmd)
    _check_chosen(cmd, version_ids)
    into = _named_collections(work.session, cmd.collections)
    persons = _named_persons(work.session, cmd.persons)
    return weigh_asked(work, version_ids, into, persons, sector=cmd.sector or None)


def ask_again(work: Work, cmd: AskAgain) -> Proposal:
    """A request that was sent back, asked anew with the newest versions, by whoever may read what it is about.

    Raises:
        NoSuchRelease, ReleaseDecided, ReleaseIncomplete, NothingWouldLeave, NotAllowed.
    """
    work.require("release:ask")
    account_id, person_id = person_acting(work)
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    readable = sa.select(reads_words(work.actor)).where(Proposal.id == proposal.id)
    if not work.session.scalar(readable):
        raise NoSuchRelease(reference=cmd.reference[:20])
    if proposal.state is not ProposalState.SENT_BACK:
        raise ReleaseDecided(reference=proposal.reference, state=proposal.state.value)
    _check_words(cmd.title, cmd.reason)
    mine = sa.select(ProposalObject).where(ProposalObject.proposal_id == proposal.id)
    named = list(work.session.scalars(mine))
    newest = newest_versions(work.session, [each.object_id for each in named])
    for each in named:
        each.version_id = newest[each.object_id]
    proposal.title, proposal.reason = cmd.title.strip()[:TITLE_MAX], cmd.reason.strip()
    proposal.state, proposal.asked_at, proposal.decided_at = ProposalState.ASKED, work.now, None
    proposal.asked_by_id = account_id
    proposal.version += 1
    work.session.flush()
    note_asker(work.session, proposal, account_id, person_id)
    _show(work, proposal)
    return proposal


def _check_enough(session: Session, weighed: Weighed, askers: set[int]) -> None:
    missing = (weighed.needed or 0) - len(names_who(session, DECIDE, askers))
    if missing > 0:
        raise TooFewToApprove(missing=missing)


def _show(work: Work, proposal: Proposal) -> Weighed:
    """Weigh what was asked and write it down, so that a later difference can be named."""
    weighed = weigh(work, proposal)
    if weighed.needed is None:
        raise NothingWouldLeave(count=len(weighed.objects))
    keep_rows(work, proposal, weighed)
    tell(work, proposal, EntryKind.RELEASE_ASKED, count=len(weighed.objects))
    work.audit(
        "release.ask",
        proposal.reference,
        objects=len(weighed.objects),
        collections=[each.alias for each in weighed.collections],
        persons=sorted({row.person_id for row in weighed.hands}),
        digest=weighed.digest,
    )
    return weighed


def _check_complete(cmd: AskRelease, version_ids: Sequence[int]) -> None:
    _check_words(cmd.title, cmd.reason)
    _check_chosen(cmd, version_ids)


def _check_words(title: str, reason: str) -> None:
    if not title.strip():
        raise TitleMissing
    if not reason.strip():
        raise ReasonMissing


def _check_chosen(cmd: AskRelease, version_ids: Sequence[int]) -> None:
    if not version_ids:
        raise ObjectsMissing
    if cmd.collections and cmd.persons:
        raise TwoWays
    if not cmd.collections and not cmd.persons:
        raise CollectionMissing


def _chosen_versions(work: Work, cmd: AskRelease) -> list[int]:
    return [*cmd.version_ids, *_newest_by_name(work, cmd.stix_ids)]


def _newest_by_name(work: Work, stix_ids: Sequence[str]) -> list[int]:
    """Only of what the actor may see: to whom something could go is told to nobody else."""
    query = (
        sa.select(StixObject.stix_id, ObjectVersion.id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(StixObject.stix_id.in_(stix_ids), shown_objects(work))
    )
    found = {row[0]: row[1] for row in work.session.execute(query)}
    for stix_id in stix_ids:
        if stix_id not in found:
            raise NoSuchObject(stix_id=stix_id[:300])
    return [found[stix_id] for stix_id in stix_ids]


def _named_collections(session: Session, keys: Sequence[str]) -> list[int]:
    named: dict[int, Collection] = {}
    for key in keys:
        collection = find_collection(session, key)
        if collection.kind is CollectionKind.INBOX:
            raise InboxNotOffered(collection=collection.alias)
        named[collection.id] = collection
    return list(named)


def _named_persons(session: Session, ids: Sequence[int]) -> list[int]:
    wanted = list(dict.fromkeys(ids))
    query = sa.select(AgreementPerson.id).where(AgreementPerson.id.in_(wanted))
    if set(session.scalars(query)) != set(wanted):
        raise PersonUnknown
    return wanted


def _name_versions(session: Session, proposal: Proposal, version_ids: Sequence[int]) -> None:
    query = sa.select(ObjectVersion.object_id, ObjectVersion.id).where(
        ObjectVersion.id.in_(version_ids)
    )
    versions = dict(session.execute(query).all())
    session.add_all(
        ProposalObject(proposal_id=proposal.id, object_id=object_id, version_id=version_id)
        for object_id, version_id in versions.items()
    )
    session.flush()
