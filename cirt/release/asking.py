"""Asking for a release: what, to which collections, and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.errors import NotAllowed
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.work import Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.register.models import EntryKind
from cirt.register.sight import get_incident
from cirt.release.collections import find_collection
from cirt.release.commands import AskAgain, AskRelease
from cirt.release.errors import (
    CollectionMissing,
    InboxNotOffered,
    NoSuchObject,
    NothingWouldLeave,
    ObjectsMissing,
    ReasonMissing,
    ReleaseDecided,
    TitleMissing,
)
from cirt.release.models import (
    Collection,
    CollectionKind,
    Proposal,
    ProposalCollection,
    ProposalObject,
    ProposalState,
)
from cirt.release.requests import get_proposal, person_of, tell
from cirt.release.weighing import keep_rows, newest_versions, weigh

TITLE_MAX = 200


def ask_release(work: Work, cmd: AskRelease) -> Proposal:
    """Ask that objects leave.

    Raises:
        ReleaseIncomplete, NoSuchCollection, NoSuchObject, NoSuchIncident, NothingWouldLeave, NotAllowed.
    """
    work.require("release:ask")
    account_id, _ = person_of(work)
    version_ids = [*cmd.version_ids, *_newest_by_name(work.session, cmd.stix_ids)]
    _check_complete(cmd.title, cmd.reason, version_ids, cmd.collections)
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
    _name_collections(work, proposal, cmd.collections)
    _name_versions(work.session, proposal, version_ids)
    _show(work, proposal)
    return proposal


def ask_again(work: Work, cmd: AskAgain) -> Proposal:
    """A request that was sent back, asked anew by the same person with the newest versions.

    Raises:
        NoSuchRelease, ReleaseDecided, ReleaseIncomplete, NothingWouldLeave, NotAllowed.
    """
    work.require("release:ask")
    account_id, _ = person_of(work)
    proposal = get_proposal(work.session, cmd.reference, lock=True)
    if proposal.asked_by_id != account_id:
        raise NotAllowed(needed="release:ask")
    if proposal.state is not ProposalState.SENT_BACK:
        raise ReleaseDecided(reference=proposal.reference, state=proposal.state.value)
    _check_complete(cmd.title, cmd.reason, ["as before"], ["as before"])
    mine = sa.select(ProposalObject).where(ProposalObject.proposal_id == proposal.id)
    named = list(work.session.scalars(mine))
    newest = newest_versions(work.session, [each.object_id for each in named])
    for each in named:
        each.version_id = newest[each.object_id]
    proposal.title, proposal.reason = cmd.title.strip()[:TITLE_MAX], cmd.reason.strip()
    proposal.state, proposal.asked_at, proposal.decided_at = ProposalState.ASKED, work.now, None
    proposal.version += 1
    work.session.flush()
    _show(work, proposal)
    return proposal


def _show(work: Work, proposal: Proposal) -> None:
    """Weigh what was asked and write it down, so that a later difference can be named."""
    weighed = weigh(work, proposal)
    if weighed.needed is None:
        raise NothingWouldLeave(count=len(weighed.objects))
    keep_rows(work, proposal, weighed.rows)
    tell(work, proposal, EntryKind.RELEASE_ASKED, count=len(weighed.objects))
    work.audit(
        "release.ask",
        proposal.reference,
        objects=len(weighed.objects),
        collections=[each.alias for each in weighed.collections],
        digest=weighed.digest,
    )


def _check_complete(
    title: str, reason: str, objects: Sequence[object], collections: Sequence[object]
) -> None:
    for missing, there in (
        (TitleMissing, title.strip()),
        (ReasonMissing, reason.strip()),
        (ObjectsMissing, objects),
        (CollectionMissing, collections),
    ):
        if not there:
            raise missing


def _newest_by_name(session: Session, stix_ids: Sequence[str]) -> list[int]:
    query = sa.select(StixObject.stix_id, StixObject.newest_id).where(
        StixObject.stix_id.in_(stix_ids)
    )
    found = {row[0]: row[1] for row in session.execute(query)}
    for stix_id in stix_ids:
        if found.get(stix_id) is None:
            raise NoSuchObject(stix_id=stix_id[:300])
    return [found[stix_id] or 0 for stix_id in stix_ids]


def _name_collections(work: Work, proposal: Proposal, keys: Sequence[str]) -> None:
    named: dict[int, Collection] = {}
    for key in keys:
        collection = find_collection(work.session, key)
        if collection.kind is CollectionKind.INBOX:
            raise InboxNotOffered(collection=collection.alias)
        named[collection.id] = collection
    work.session.add_all(
        ProposalCollection(proposal_id=proposal.id, collection_id=each) for each in named
    )


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
