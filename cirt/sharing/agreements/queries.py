"""Reads for the pages of agreements: what waits for a decision, one request, and the history in differences."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.parties.models import Account, Peer, Person
from cirt.sharing.agreements.models import AgreementChange, RequestState
from cirt.sharing.agreements.record import Contact, Record
from cirt.sharing.agreements.terms import Difference, differences
from cirt.sharing.models import Agreement, AgreementState, AgreementVersion
from cirt.sharing.queries import history


@dataclass(frozen=True, slots=True)
class ChangeLine:
    id: int
    reference: str
    peer: str
    asker: str
    asked_at: datetime
    state: RequestState
    is_new: bool  # of a draft


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """``changes`` is empty for the first version."""

    version: int
    changes: list[Difference]
    made_by: str
    approved_by: str | None
    made_at: datetime
    reason: str


def open_changes(session: Session, agreement_id: int | None = None) -> list[ChangeLine]:
    """Those that wait, the longest wait first."""
    query = (
        sa.select(
            AgreementChange.id,
            Agreement.reference,
            Peer.name,
            Person.name.label("asker"),
            AgreementChange.asked_at,
            AgreementChange.state,
            Agreement.state.label("agreement_state"),
        )
        .join(Agreement, Agreement.id == AgreementChange.agreement_id)
        .join(Peer, Peer.id == Agreement.peer_id)
        .join(Account, Account.id == AgreementChange.asked_by_id)
        .join(Person, Person.id == Account.person_id)
        .where(AgreementChange.state == RequestState.ASKED)
        .order_by(AgreementChange.asked_at, AgreementChange.id)
    )
    if agreement_id is not None:
        query = query.where(AgreementChange.agreement_id == agreement_id)
    return [
        ChangeLine(*row[:6], row.agreement_state is AgreementState.DRAFT)
        for row in session.execute(query)
    ]


def history_lines(session: Session, agreement_id: int) -> list[HistoryLine]:
    """Every version with what differs from the one before, the youngest first."""
    versions = history(session, agreement_id)
    before: Sequence[AgreementVersion | None] = [None, *versions]
    lines = [
        HistoryLine(
            each.version,
            differences(last.terms, each.terms) if last else [],
            each.made_by,
            each.approved_by,
            each.made_at,
            each.reason,
        )
        for last, each in zip(before, versions, strict=False)
    ]
    return lines[::-1]


def contacts_of(session: Session, peer_ids: Some[int]) -> dict[int, list[Contact]]:
    """Whom to write to at these peers: contacts with a mail address, of the agreement in force, else of the newest."""
    query = sa.select(Agreement.peer_id, Agreement.record).where(Agreement.peer_id.in_(peer_ids))
    in_force = sa.case((Agreement.state == AgreementState.IN_FORCE, 0), else_=1)
    found: dict[int, list[Contact]] = {}
    for peer_id, data in session.execute(query.order_by(in_force, Agreement.id.desc())):
        contacts = [each for each in Record.from_data(data).contacts if each.mail]
        if contacts:
            found.setdefault(peer_id, contacts)
    return found


def names_of(session: Session, account_ids: Sequence[int | None]) -> dict[int, str]:
    """Names of the persons behind accounts."""
    owner = aliased(Account)
    query = (
        sa.select(owner.id, Person.name)
        .join(Person, Person.id == owner.person_id)
        .where(owner.id.in_([each for each in account_ids if each]))
    )
    return dict(session.execute(query).all())
