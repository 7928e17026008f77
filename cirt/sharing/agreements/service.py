"""Makes and changes agreements, as the console does: in force at once; every change is a new version."""

import re
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.sharing.agreements.commands import UNCHANGED, AddAgreement, ChangeAgreement, Moment
from cirt.sharing.agreements.errors import (
    AgreementOverlaps,
    CeilingTooHigh,
    DefaultTooHigh,
    NotInThatState,
    PeriodWrong,
    TypeNameWrong,
)
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.terms import terms_data
from cirt.sharing.models import Agreement, AgreementState, AgreementVersion
from cirt.sharing.queries import find_agreement

_TYPE = re.compile(r"[a-z][a-z0-9-]{1,249}\Z")
_HOLDING = (AgreementState.IN_FORCE, AgreementState.SUSPENDED)  # of these one per peer at a time
CHANGEABLE = (*_HOLDING, AgreementState.DRAFT)


def add_agreement(work: Work, cmd: AddAgreement) -> Agreement:
    """
    Raises:
        NoSuchPeer, AgreementOverlaps, CeilingTooHigh, DefaultTooHigh, PeriodWrong, TypeNameWrong,
        NotAllowed.
    """
    work.require("agreement:write")
    peer = find_peer(work.session, cmd.peer)
    agreement = Agreement(
        reference=next_reference(work, Reference.AGREEMENT),
        peer_id=peer.id,
        version=1,
        state=AgreementState.IN_FORCE,
        level=cmd.level,
        ceiling=cmd.ceiling,
        default_tlp=cmd.default_tlp,
        direction=cmd.direction,
        valid_from=work.now if cmd.valid_from is None else _begin(cmd.valid_from),
        valid_until=None if cmd.valid_until is None else _end(cmd.valid_until),
        types=sorted(set(cmd.types)),
        sectors=sorted(set(cmd.sectors)),
        transit=cmd.transit,
        ceiling_in=cmd.ceiling_in,
        personal_data=cmd.personal_data,
        attribution=cmd.attribution,
        tlp=Tlp.AMBER,
        record={},
        created_at=work.now,
    )
    check(work, agreement)
    work.session.add(agreement)
    keep_version(work, agreement, "agreement.add")
    return agreement


def change_agreement(work: Work, cmd: ChangeAgreement) -> Agreement:
    """Change what ``cmd`` names and keep the rest.

    Raises:
        NoSuchAgreement, NotInThatState, and as for ``add_agreement``.
    """
    work.require("agreement:write")
    agreement = held_in(work, cmd.reference, *CHANGEABLE)
    with work.session.no_autoflush:
        for field in fields(cmd):
            value = getattr(cmd, field.name)
            if value is not UNCHANGED and field.name != "reference":
                setattr(agreement, field.name, _stored(field.name, value))
        check(work, agreement)
    agreement.version += 1
    keep_version(work, agreement, "agreement.change")
    return agreement


def suspend_agreement(work: Work, reference: str, reason: str = "") -> Agreement:
    return _move(work, reference, "suspend", reason)


def resume_agreement(work: Work, reference: str, reason: str = "") -> Agreement:
    return _move(work, reference, "resume", reason)


def end_agreement(work: Work, reference: str, reason: str = "") -> Agreement:
    """For good; another one may follow."""
    return _move(work, reference, "end", reason)


# What an act begins at, and what it leads to.
_MOVES: dict[str, tuple[tuple[AgreementState, ...], AgreementState]] = {
    "suspend": ((AgreementState.IN_FORCE,), AgreementState.SUSPENDED),
    "resume": ((AgreementState.SUSPENDED,), AgreementState.IN_FORCE),
    "end": (CHANGEABLE, AgreementState.ENDED),
}
CLOSED = {act: _MOVES[act][1] for act in ("suspend", "end")}  # what one lead does at once


def may_move(agreement: Agreement, act: str) -> bool:
    return agreement.state in _MOVES[act][0]


def _move(work: Work, reference: str, act: str, reason: str) -> Agreement:
    work.require("agreement:write")
    before, after = _MOVES[act]
    agreement = held_in(work, reference, *before)
    agreement.state = after
    agreement.version += 1
    keep_version(work, agreement, f"agreement.{act}", reason=reason)
    return agreement


def held_in(work: Work, reference: str, *states: AgreementState) -> Agreement:
    """The agreement as it stands now, unchanged by others until commit.

    Raises:
        NoSuchAgreement, NotInThatState.
    """
    agreement = find_agreement(work.session, reference)
    hold_peer(work, agreement.peer_id)
    work.session.refresh(agreement)
    if agreement.state not in states:
        raise NotInThatState(reference=reference, state=agreement.state.value)
    return agreement


def hold_peer(work: Work, peer_id: int) -> None:
    """Two who change agreements with one peer follow one another; what only refers to the peer need not wait."""
    locked = sa.select(Peer.id).where(Peer.id == peer_id).with_for_update(key_share=True)
    work.session.execute(locked)


def hold_every_peer(work: Work) -> None:
    """No agreement with anybody changes until commit. Taken first, and in order, so that two who do so queue."""
    locked = sa.select(Peer.id).order_by(Peer.id).with_for_update(key_share=True)
    work.session.execute(locked).all()


def check(work: Work, agreement: Agreement) -> None:
    """That its terms make sense, and that no other one with this peer holds at the same time.

    Raises:
        CeilingTooHigh, DefaultTooHigh, TypeNameWrong, PeriodWrong, AgreementOverlaps.
    """
    if agreement.ceiling is Tlp.RED:
        raise CeilingTooHigh
    if agreement.default_tlp is Tlp.RED:
        raise DefaultTooHigh
    for name in agreement.types:
        if not _TYPE.match(name):
            raise TypeNameWrong(name=name[:60])
    until = agreement.valid_until
    if until is not None and until <= agreement.valid_from:
        raise PeriodWrong(begin=_day(agreement.valid_from), end=_day(until))
    _check_overlap(work, agreement)


def _check_overlap(work: Work, agreement: Agreement) -> None:
    hold_peer(work, agreement.peer_id)
    query = sa.select(Agreement).where(
        Agreement.peer_id == agreement.peer_id,
        Agreement.state.in_(_HOLDING),
        Agreement.reference != agreement.reference,
        sa.or_(Agreement.valid_until.is_(None), Agreement.valid_until > agreement.valid_from),
    )
    if agreement.valid_until is not None:
        query = query.where(Agreement.valid_from < agreement.valid_until)
    other = work.session.scalars(query.limit(1)).one_or_none()
    if other is not None:
        raise AgreementOverlaps(
            reference=other.reference,
            peer=work.session.get_one(Peer, other.peer_id).slug,
            begin=_day(other.valid_from),
        )


def keep_version(
    work: Work,
    agreement: Agreement,
    act: str,
    *,
    reason: str = "",
    made_by: str = "",
    approved_by: str | None = None,
) -> None:
    """Write down the terms as they are from now on. Changes that were asked for against older ones are void."""
    work.session.flush()
    terms = terms_data(agreement)
    work.session.add(
        AgreementVersion(
            agreement_id=agreement.id,
            version=agreement.version,
            terms=terms,
            made_at=work.now,
            made_by=(made_by or work.actor.name)[:200],
            approved_by=approved_by and approved_by[:200],
            reason=reason,
        )
    )
    work.session.flush()
    _void_changes(work, agreement)
    kept = {name: value for name, value in terms.items() if name != "record"}
    work.audit(act, agreement.reference, version=agreement.version, **kept)


def _void_changes(work: Work, agreement: Agreement) -> None:
    stale = sa.select(AgreementChange).where(
        AgreementChange.agreement_id == agreement.id,
        AgreementChange.state == RequestState.ASKED,
        AgreementChange.base_version < agreement.version,
    )
    for change in work.session.scalars(stale.order_by(AgreementChange.id)):
        change.state, change.decided_at = RequestState.VOIDED, work.now
        work.audit("agreement.void-change", agreement.reference, change=change.id)
    work.session.flush()


def _stored(name: str, value: Any) -> Any:
    if name == "valid_from":
        return _begin(value)
    if name == "valid_until":
        return None if value is None else _end(value)
    return sorted(set(value)) if name in ("types", "sectors") else value


def _begin(moment: Moment) -> datetime:
    return moment if isinstance(moment, datetime) else _midnight(moment)


def _end(moment: Moment) -> datetime:
    """The first instant after it: an instant is its own, a day is included."""
    return moment if isinstance(moment, datetime) else _midnight(moment + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
