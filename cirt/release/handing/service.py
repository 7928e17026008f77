"""Queues what goes to named persons, lets the gate decide once more before each mail, and keeps what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.company import definitions_named
from cirt.release.handing.models import Handover, HandoverKind, HandoverState, HandoverVersion
from cirt.release.holdings.handing import note_handed_out
from cirt.release.holdings.models import Exit
from cirt.release.models import Proposal
from cirt.release.weighing import Weighed
from cirt.sharing.agreements.persons import AgreementPerson, named_readers
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import NamedReader
from cirt.sharing.gate import Released, allowed_versions, release
from cirt.sharing.giving import named_rule
from cirt.sharing.models import Agreement

NOT_ANY_MORE = mark("It may not go any more: an agreement, a marking or a key has changed since.")
REVOKED = mark("An object of it was revoked before it was sent.")


@dataclass(frozen=True, slots=True)
class Ready:
    """One mail that may go now, as the gate decided in this transaction."""

    handover_id: int
    reference: str  # of the release
    reader: NamedReader
    armoured: str = field(repr=False)
    message_id: str
    made_at: datetime
    kind: HandoverKind
    tlp: Tlp  # the strictest of what it holds or names
    released: Sequence[Released] = field(default=(), repr=False)
    revoked: Sequence[str] = ()  # STIX ids, of a recall
    along: Sequence[Released] = field(default=(), repr=False)  # definitions that these name


def queue_handovers(work: Work, proposal: Proposal, weighed: Weighed) -> list[Handover]:
    """One for each person who gets something; in the transaction of the last approval."""
    made = []
    for row in {row.person_id: row for row in weighed.handed}.values():
        handover = _made(work, proposal.id, row.person_id, HandoverKind.RELEASE)
        handover.agreement, handover.fingerprint = row.agreement or "", row.fingerprint
        _note_versions(work, handover, weighed.handed_to(row.person_id))
        made.append(handover)
        facts = {"person": row.person_id, "agreement": row.agreement, "key": row.fingerprint}
        work.audit("handover.queue", proposal.reference, handover=handover.id, **facts)
    return made


def prepare_recall(work: Work, object_id: int, foreign_id: int | None = None) -> list[int]:
    """Tell everybody to whom a version of it went by mail that it is revoked; what waits stays. The persons told.

    ``foreign_id`` is the revocation of an object that is not ours: it goes on only to who may have it (rulings 16).
    """
    session = work.session
    named = sa.select(HandoverVersion.handover_id).join(
        ObjectVersion, ObjectVersion.id == HandoverVersion.version_id
    )
    query = sa.select(Handover).where(
        Handover.id.in_(named.where(ObjectVersion.object_id == object_id)),
        Handover.kind == HandoverKind.RELEASE,
    )
    told: set[int] = set()
    held = query.order_by(Handover.id).with_for_update(key_share=True)
    for handover in session.scalars(held.execution_options(populate_existing=True)).all():
        person_id = handover.person_id
        if not _may_have_gone(work, handover) or person_id in told:
            continue
        if foreign_id is None or _may_have(work, person_id, foreign_id):
            told.add(person_id)
            _queue_recall(work, handover, object_id)
    return sorted(told)


def _may_have(work: Work, person_id: int, version_id: int) -> bool:
    reader = named_readers(work.session, [person_id], work.now)[person_id]
    return version_id in allowed_versions(work.session, reader, None, work.now, [version_id])


def _may_have_gone(work: Work, handover: Handover) -> bool:
    """What waits goes no more; of what was tried already nobody knows whether it arrived."""
    if handover.state is HandoverState.WAITING:
        stay(work, handover.id, REVOKED)
        return bool(handover.message_id)
    return handover.state is HandoverState.SENT


def _queue_recall(work: Work, earlier: Handover, object_id: int) -> None:
    newest = sa.select(StixObject.newest_id).where(StixObject.id == object_id)
    recall = _made(work, earlier.proposal_id, earlier.person_id, HandoverKind.RECALL)
    recall.agreement, recall.fingerprint = earlier.agreement, earlier.fingerprint
    _note_versions(work, recall, [work.session.scalars(newest).one() or 0])


def _made(work: Work, proposal_id: int, person_id: int, kind: HandoverKind) -> Handover:
    return Handover(
        proposal_id=proposal_id,
        person_id=person_id,
        kind=kind,
        state=HandoverState.WAITING,
        made_at=work.now,
        next_try_at=work.now,
        tries=0,
        message_id="",
        failure="",
    )


def _note_versions(work: Work, handover: Handover, version_ids: Sequence[int]) -> None:
    work.session.add(handover)
    work.session.flush()
    work.session.add_all(
        HandoverVersion(handover_id=handover.id, version_id=each) for each in version_ids
    )
    work.session.flush()


def ready(work: Work, handover_id: int, message_id: str) -> Ready | None:
    """What the gate lets go now; None if anything of it may not. ``message_id`` is its own if it has none yet."""
    session = work.session
    handover = session.get_one(Handover, handover_id)
    handover.message_id = handover.message_id or message_id
    person = session.get_one(AgreementPerson, handover.person_id)
    reader = named_readers(session, [person.id], work.now)[person.id]
    proposal = session.get_one(Proposal, handover.proposal_id)
    found, along = list[Released](), list[Released]()
    if handover.kind is HandoverKind.RELEASE:
        version_ids = versions_of(work, handover_id)
        found = release(work, reader, None, version_ids)
        may = len(found) == len(version_ids) and bool(found) and _as_approved(handover, reader)
        along = _definitions(work, reader, version_ids) if may else []
    else:  # passes over marking and scope, but not where nobody is reached any more (rulings 16)
        may = is_reached(reader, work.now)
    if not may:
        return None
    revoked = _stix_ids(work, handover_id) if handover.kind is HandoverKind.RECALL else []
    return Ready(
        handover.id,
        proposal.reference,
        reader,
        person.key,
        handover.message_id,
        handover.made_at,
        handover.kind,
        _strictest(work, handover_id),
        found,
        revoked,
        along,
    )


def is_reached(reader: NamedReader, now: datetime) -> bool:
    """Whether a mail that says nothing but that something is revoked can go to this person."""
    return named_rule(reader, now) is None and not agreement_rule(reader.peer, now)


def _definitions(work: Work, reader: NamedReader, version_ids: Sequence[int]) -> list[Released]:
    """Of the markings that they name, but for what came from there."""
    named = definitions_named(work.session, version_ids)
    return release(work, reader, None, [each for each in named if each not in version_ids])


def _strictest(work: Work, handover_id: int) -> Tlp:
    query = (
        sa.select(ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(HandoverVersion, HandoverVersion.version_id == ObjectVersion.id)
        .where(HandoverVersion.handover_id == handover_id)
    )
    return max(work.session.scalars(query))


def _as_approved(handover: Handover, reader: NamedReader) -> bool:
    """Under the very terms and for the very key that two persons approved."""
    now = reader.peer.agreement or "", reader.key
    return (handover.agreement, handover.fingerprint) == now


def versions_of(work: Work, handover_id: int) -> list[int]:
    query = sa.select(HandoverVersion.version_id).where(HandoverVersion.handover_id == handover_id)
    return list(work.session.scalars(query.order_by(HandoverVersion.version_id)))


def _stix_ids(work: Work, handover_id: int) -> list[str]:
    query = (
        sa.select(StixObject.stix_id)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .join(HandoverVersion, HandoverVersion.version_id == ObjectVersion.id)
        .where(HandoverVersion.handover_id == handover_id)
    )
    return list(work.session.scalars(query.order_by(StixObject.stix_id)))


def was_sent(work: Work, handover_id: int) -> None:
    handover = work.session.get_one(Handover, handover_id)
    handover.state, handover.sent_at, handover.failure = HandoverState.SENT, work.now, ""
    handover.next_try_at = None
    facts = {"person": handover.person_id, "kind": handover.kind, "agreement": handover.agreement}
    version_ids, reference = versions_of(work, handover_id), _reference(work, handover)
    _note_in_ledger(work, handover, version_ids, reference)
    work.audit("handover.sent", reference, handover=handover_id, **facts, versions=version_ids)


def _note_in_ledger(
    work: Work, handover: Handover, version_ids: Sequence[int], reference: str
) -> None:
    person = work.session.get_one(AgreementPerson, handover.person_id)
    note_handed_out(
        work,
        Exit.MAIL,
        work.session.get_one(Agreement, person.agreement_id).peer_id,
        version_ids,
        person=person.name,
        reference=reference,
        agreement=handover.agreement,
    )


def stay(work: Work, handover_id: int, reason: str) -> None:
    """It goes no more."""
    handover = work.session.get_one(Handover, handover_id)
    handover.state, handover.failure = HandoverState.STAYED, reason
    handover.next_try_at = None
    facts = {"person": handover.person_id, "kind": handover.kind}
    work.audit("handover.stay", _reference(work, handover), handover=handover_id, **facts)


def _reference(work: Work, handover: Handover) -> str:
    return work.session.get_one(Proposal, handover.proposal_id).reference
