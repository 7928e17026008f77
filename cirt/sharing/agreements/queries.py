"""Reads for the pages of agreements: what waits for a decision, one request, and the history in differences."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.files.models import Attachment
from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.models import Account, Peer, Person
from cirt.sharing.agreements.models import AgreementChange
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
class SignedText:
    """An attachment; ``sha256`` is what was approved."""

    id: int
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """``changes`` is empty for the first version. ``copy`` is the signed text that came with this version."""

    version: int
    changes: list[Difference]
    made_by: str
    approved_by: str | None
    made_at: datetime
    reason: str
    copy: SignedText | None


def open_changes(
    session: Session, agreement_id: int | None = None, *, not_by: int | None = None
) -> list[ChangeLine]:
    """Those that wait, the longest wait first; but for those of one person."""
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
    if not_by is not None:
        query = query.where(Person.id != not_by)
    return [
        ChangeLine(*row[:6], row.agreement_state is AgreementState.DRAFT)
        for row in session.execute(query)
    ]


def copies_kept(session: Session, agreement_id: int) -> set[int]:
    """Signed texts of every version that ever held."""
    return {found[0] for each in history(session, agreement_id) if (found := _copy_in(each))}


def changes_to_decide(work: Work) -> list[ChangeLine]:
    """Those that wait for this person: somebody else asked for them. None for who may not decide on any."""
    if work.actor.person_id is None or not work.actor.may("agreement:write"):
        return []
    return open_changes(work.session, not_by=work.actor.person_id)


def copies_asked_for(session: Session, agreement_id: int) -> set[int]:
    """Signed texts of changes that wait: whoever decides reads them first."""
    query = sa.select(AgreementChange.wanted).where(
        AgreementChange.agreement_id == agreement_id, AgreementChange.state == RequestState.ASKED
    )
    records = [wanted["record"] for wanted in session.scalars(query)]
    return {record["copy_id"] for record in records if "copy_id" in record}


def history_lines(session: Session, agreement_id: int) -> list[HistoryLine]:
    """Every version with what differs from the one before, the youngest first."""
    versions = history(session, agreement_id)
    texts = _signed_texts(session, versions)
    before: Sequence[AgreementVersion | None] = [None, *versions]
    lines = [
        HistoryLine(
            each.version,
            differences(last.terms, each.terms) if last else [],
            each.made_by,
            each.approved_by,
            each.made_at,
            each.reason,
            texts.get(each.version),
        )
        for last, each in zip(before, versions, strict=False)
    ]
    return lines[::-1]


def _signed_texts(session: Session, versions: Sequence[AgreementVersion]) -> dict[int, SignedText]:
    """By the version with which each came."""
    came: dict[tuple[int, str], int] = {}
    for each in versions:
        found = _copy_in(each)
        if found is not None:
            came.setdefault(found, each.version)
    query = sa.select(Attachment.id, Attachment.name).where(
        among(Attachment.id, {copy_id for copy_id, _ in came})
    )
    names = {row.id: row.name for row in session.execute(query)}
    return {
        version: SignedText(copy_id, names[copy_id], sha256)
        for (copy_id, sha256), version in came.items()
    }


def _copy_in(version: AgreementVersion) -> tuple[int, str] | None:
    """The signed text under a version, with its digest."""
    record = version.terms.get("record", {})
    copy_id = record.get("copy_id")
    return None if copy_id is None else (copy_id, record.get("copy_sha256", ""))


def contacts_of(session: Session, slugs: Some[str]) -> dict[str, list[Contact]]:
    """Whom to write to at these peers: contacts with a mail address, of the agreement in force, else of the newest."""
    query = (
        sa.select(Peer.slug, Agreement.record)
        .join(Peer, Peer.id == Agreement.peer_id)
        .where(Peer.slug.in_(slugs))
    )
    in_force = sa.case((Agreement.state == AgreementState.IN_FORCE, 0), else_=1)
    found: dict[str, list[Contact]] = {}
    for slug, data in session.execute(query.order_by(in_force, Agreement.id.desc())):
        contacts = [each for each in Record.from_data(data).contacts if each.mail]
        if contacts:
            found.setdefault(slug, contacts)
    return found
