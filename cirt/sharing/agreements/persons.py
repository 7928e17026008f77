"""Persons of a peer who are named in an agreement: TLP:RED goes to them, each by mail encrypted with their own key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from cirt.kernel.db import Base
from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.gpg import PublicKey
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.accounts import normal_email
from cirt.sharing.facts import NamedReader
from cirt.sharing.models import Agreement, AgreementState
from cirt.sharing.queries import find_agreement, peer_readers

NAME_MAX = 200


class AgreementPerson(Base):
    """Somebody whom an agreement names; who was taken off stays on record."""

    __tablename__ = "agreement_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254))  # normalised
    key: Mapped[str] = mapped_column(sa.Text, default="")  # armoured public key; empty: none
    fingerprint: Mapped[str] = mapped_column(sa.String(64), default="")
    key_until: Mapped[datetime | None]  # when the key expires; None: never
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(sa.String(200))
    removed_at: Mapped[datetime | None]


class NoSuchPerson(NotFound):
    code = "no-such-person"
    message = mark("There is no such person in this agreement.")


class PersonThere(Conflict):
    code = "person-there"
    message = mark("{email} is named in {reference} already.")


class PersonNameMissing(Invalid):
    code = "person-name-missing"
    message = mark("Enter the name of the person.")


class AgreementOver(Conflict):
    code = "agreement-over"
    message = mark("{reference} has ended; nobody can be named in it any more.")


@dataclass(frozen=True, slots=True)
class NamePerson:
    """``key`` was read before, outside of any transaction; None: they have given none yet."""

    reference: str
    name: str
    email: str
    key: PublicKey | None = None


@dataclass(frozen=True, slots=True)
class GiveKey:
    reference: str
    person_id: int
    key: PublicKey = field(repr=False)


def name_person_in(work: Work, cmd: NamePerson) -> AgreementPerson:
    """Name somebody in an agreement. It gives them nothing yet: each release to them is approved by two.

    Raises:
        PersonThere, PersonNameMissing, AddressWrong, AgreementOver, NoSuchAgreement, NotAllowed.
    """
    work.require("agreement:write")
    agreement = _held(work, cmd.reference)
    if agreement.state is AgreementState.ENDED:
        raise AgreementOver(reference=agreement.reference)
    name, email = cmd.name.strip()[:NAME_MAX], normal_email(cmd.email)
    if not name:
        raise PersonNameMissing
    if any(each.email == email for each in persons_of(work.session, agreement.id)):
        raise PersonThere(email=email, reference=agreement.reference)
    person = AgreementPerson(
        agreement_id=agreement.id,
        name=name,
        email=email,
        added_at=work.now,
        added_by=work.actor.name[:200],
    )
    _set_key(person, cmd.key)
    work.session.add(person)
    work.session.flush()
    facts = {"person": person.id, "email": email, "fingerprint": person.fingerprint}
    work.audit("agreement.name-person", agreement.reference, **facts)
    return person


def give_key(work: Work, cmd: GiveKey) -> AgreementPerson:
    """Replace the key of somebody. Approvals of what would go to them are bound to the key, so they are void.

    Raises:
        NoSuchPerson, NoSuchAgreement, NotAllowed.
    """
    work.require("agreement:write")
    person = _person(work, _held(work, cmd.reference), cmd.person_id)
    _set_key(person, cmd.key)
    work.session.flush()
    facts = {"person": person.id, "fingerprint": person.fingerprint}
    work.audit("agreement.person-key", cmd.reference, **facts)
    return person


def take_person_off(work: Work, reference: str, person_id: int) -> None:
    """At once: what was approved for them and has not been sent stays here.

    Raises:
        NoSuchPerson, NoSuchAgreement, NotAllowed.
    """
    work.require("agreement:write")
    person = _person(work, _held(work, reference), person_id)
    person.removed_at = work.now
    work.session.flush()
    work.audit("agreement.take-person-off", reference, person=person.id)


def persons_of(
    session: Session, agreement_id: int, *, removed: bool = False
) -> list[AgreementPerson]:
    """By name; with ``removed`` those too who were taken off."""
    query = sa.select(AgreementPerson).where(AgreementPerson.agreement_id == agreement_id)
    if not removed:
        query = query.where(AgreementPerson.removed_at.is_(None))
    return list(session.scalars(query.order_by(AgreementPerson.name, AgreementPerson.id)))


def choosable(session: Session, now: datetime) -> list[NamedReader]:
    """Everybody named in an agreement that has not ended, by organisation and name."""
    query = (
        sa.select(AgreementPerson.id)
        .join(Agreement, Agreement.id == AgreementPerson.agreement_id)
        .where(AgreementPerson.removed_at.is_(None), Agreement.state != AgreementState.ENDED)
    )
    found = named_readers(session, session.scalars(query).all(), now)
    return sorted(found.values(), key=lambda one: (one.peer.name, one.name, one.person_id))


def named_readers(
    session: Session, person_ids: Iterable[int], now: datetime
) -> Mapping[int, NamedReader]:
    """Named persons as the rules see them, those too who were taken off. Two queries."""
    query = (
        sa.select(AgreementPerson, Agreement.peer_id, Agreement.reference)
        .join(Agreement, Agreement.id == AgreementPerson.agreement_id)
        .where(AgreementPerson.id.in_(list(person_ids)))
        .execution_options(populate_existing=True)
    )
    rows = session.execute(query).all()
    peers = peer_readers(session, {row.peer_id for row in rows}, now)
    return {
        person.id: NamedReader(
            person_id=person.id,
            name=person.name,
            email=person.email,
            peer=peers[peer_id],
            named_in=reference,
            removed=person.removed_at is not None,
            key=person.fingerprint,
            key_until=person.key_until,
        )
        for person, peer_id, reference in rows
    }


def hold_persons(session: Session, person_ids: Iterable[int]) -> None:
    """Keep them as they are until commit."""
    wanted = sa.select(AgreementPerson.id).where(AgreementPerson.id.in_(list(person_ids)))
    session.execute(wanted.order_by(AgreementPerson.id).with_for_update(key_share=True)).all()


def _held(work: Work, reference: str) -> Agreement:
    """The agreement, held against a release that is being approved."""
    agreement = find_agreement(work.session, reference)
    locked = sa.select(Agreement.id).where(Agreement.id == agreement.id)
    work.session.execute(locked.with_for_update(key_share=True))
    work.session.refresh(agreement)
    return agreement


def _person(work: Work, agreement: Agreement, person_id: int) -> AgreementPerson:
    query = sa.select(AgreementPerson).where(
        AgreementPerson.id == person_id,
        AgreementPerson.agreement_id == agreement.id,
        AgreementPerson.removed_at.is_(None),
    )
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = work.session.scalars(locked).one_or_none()
    if found is None:
        raise NoSuchPerson
    return found


def _set_key(person: AgreementPerson, key: PublicKey | None) -> None:
    person.key = key.armoured if key else ""
    person.fingerprint = key.fingerprint if key else ""
    person.key_until = key.expires_at if key else None
