"""Makes and changes agreements. Made here they are in force at once; every change is a new version."""

import re
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.sharing.commands import UNCHANGED, AddAgreement, ChangeAgreement, Moment
from cirt.sharing.errors import (
    AgreementOverlaps,
    CeilingTooHigh,
    DefaultTooHigh,
    NotInThatState,
    PeriodWrong,
    TypeNameWrong,
)
from cirt.sharing.models import Agreement, AgreementState, AgreementVersion
from cirt.sharing.queries import find_agreement

_TYPE = re.compile(r"[a-z][a-z0-9-]{1,249}\Z")
_HOLDING = (AgreementState.IN_FORCE, AgreementState.SUSPENDED)  # of these one per peer at a time


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
        created_at=work.now,
    )
    _check(work, agreement)
    work.session.add(agreement)
    _record(work, agreement, "agreement.add")
    return agreement


def change_agreement(work: Work, cmd: ChangeAgreement) -> Agreement:
    """Change what ``cmd`` names and keep the rest.

    Raises:
        NoSuchAgreement, NotInThatState, and as for ``add_agreement``.
    """
    work.require("agreement:write")
    agreement = _in_state(work, cmd.reference, *_HOLDING, AgreementState.DRAFT)
    with work.session.no_autoflush:
        for field in fields(cmd):
            value = getattr(cmd, field.name)
            if value is not UNCHANGED and field.name != "reference":
                setattr(agreement, field.name, _stored(field.name, value))
        _check(work, agreement)
    agreement.version += 1
    _record(work, agreement, "agreement.change")
    return agreement


def suspend_agreement(work: Work, reference: str) -> Agreement:
    return _move(work, reference, AgreementState.IN_FORCE, AgreementState.SUSPENDED, "suspend")


def resume_agreement(work: Work, reference: str) -> Agreement:
    return _move(work, reference, AgreementState.SUSPENDED, AgreementState.IN_FORCE, "resume")


def end_agreement(work: Work, reference: str) -> Agreement:
    """For good; another one may follow."""
    work.require("agreement:write")
    agreement = _in_state(work, reference, *_HOLDING, AgreementState.DRAFT)
    return _set_state(work, agreement, AgreementState.ENDED, "agreement.end")


def _move(
    work: Work, reference: str, before: AgreementState, after: AgreementState, act: str
) -> Agreement:
    work.require("agreement:write")
    return _set_state(work, _in_state(work, reference, before), after, f"agreement.{act}")


def _set_state(work: Work, agreement: Agreement, state: AgreementState, act: str) -> Agreement:
    agreement.state = state
    agreement.version += 1
    _record(work, agreement, act)
    return agreement


def _in_state(work: Work, reference: str, *states: AgreementState) -> Agreement:
    agreement = find_agreement(work.session, reference)
    _lock_peer(work, agreement.peer_id)
    work.session.refresh(agreement)
    if agreement.state not in states:
        raise NotInThatState(reference=reference, state=agreement.state.value)
    return agreement


def _lock_peer(work: Work, peer_id: int) -> None:
    """Two who change agreements with one peer follow one another; what only refers to the peer need not wait."""
    locked = sa.select(Peer.id).where(Peer.id == peer_id).with_for_update(key_share=True)
    work.session.execute(locked)


def _check(work: Work, agreement: Agreement) -> None:
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
    _lock_peer(work, agreement.peer_id)
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


def _record(work: Work, agreement: Agreement, act: str) -> None:
    work.session.flush()
    terms = _as_data(agreement)
    work.session.add(
        AgreementVersion(
            agreement_id=agreement.id,
            version=agreement.version,
            terms=terms,
            made_at=work.now,
            made_by=work.actor.name[:200],
        )
    )
    work.session.flush()
    work.audit(act, agreement.reference, version=agreement.version, **terms)


def _as_data(agreement: Agreement) -> dict[str, Any]:
    return {
        "peer_id": agreement.peer_id,
        "state": agreement.state.value,
        "level": agreement.level.value,
        "ceiling": agreement.ceiling.value,
        "default_tlp": agreement.default_tlp.value if agreement.default_tlp else None,
        "direction": agreement.direction.value,
        "valid_from": agreement.valid_from.isoformat(),
        "valid_until": agreement.valid_until.isoformat() if agreement.valid_until else None,
        "types": list(agreement.types),
        "sectors": list(agreement.sectors),
        "transit": agreement.transit,
    }


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
