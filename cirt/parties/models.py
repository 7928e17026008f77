"""Ourselves, peers, persons and the accounts with which they sign in."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.kernel.db import Base, BigId
from cirt.parties.roles import Role


class Ourselves(Base):
    """The one national CIRT that this installation serves."""

    __tablename__ = "ourselves"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(2))
    identity_id: Mapped[str] = mapped_column(sa.String(300))  # STIX identity
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody of the team. Four eyes count persons, not accounts (rulings 24)."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))


class Account(Base):
    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)  # normalised
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    one_time: Mapped[bool] = mapped_column(default=False)  # must be replaced at the next sign-in
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(sa.String(12))

    person: Mapped[Person] = relationship(lazy="joined")
    grants: Mapped[list["RoleGrant"]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class RoleGrant(Base):
    __tablename__ = "role_grant"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime]


class SignIn(Base):
    """A server-side session; the cookie holds the secret of which this is the hash."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInFailure(Base):
    """One wrong password; the limit counts these per name and per source."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        sa.Index("ix_sign_in_failure_name_at", "name", "at"),
        sa.Index("ix_sign_in_failure_source_at", "source", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(254))  # normalised as accounts are
    source: Mapped[str] = mapped_column(sa.String(64))  # address of the asker
    at: Mapped[datetime]


class UsedForm(Base):
    """A form of the desk that has acted; the same one sent again does not."""

    __tablename__ = "used_form"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # hash of token and fields
    at: Mapped[datetime] = mapped_column(index=True)
    led_to: Mapped[str] = mapped_column(sa.Text, default="")  # path of the answer; empty before it


class PeerState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class SightingsBack(StrEnum):
    """What goes back to a peer of whose objects we have seen something; with a name only ever by a release."""

    NEVER = "never"
    ASK = "ask"  # what somebody reports on the page of the object
    ANONYMOUS = "anonymous"  # and what is confirmed on an incident, by itself


class Peer(Base):
    """Another CIRT; URL, name and password are how we reach it."""

    __tablename__ = "peer"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(2))
    identity_id: Mapped[str | None] = mapped_column(sa.String(300))
    state: Mapped[PeerState] = mapped_column(default=PeerState.ACTIVE)
    discovery_url: Mapped[str | None] = mapped_column(sa.String(500))
    username: Mapped[str | None] = mapped_column(sa.String(200))
    sealed_password: Mapped[bytes | None]
    ca_pem: Mapped[str | None] = mapped_column(sa.Text)  # instead of the public authorities
    client_cert_pem: Mapped[str | None] = mapped_column(sa.Text)
    sealed_client_key: Mapped[bytes | None]
    exchange_key: Mapped[str | None] = mapped_column(
        sa.String(120)
    )  # for files; kernel.exchange_keys
    created_at: Mapped[datetime]
    sightings: Mapped[SightingsBack] = mapped_column(
        default=SightingsBack.ASK, server_default=SightingsBack.ASK.value
    )


class PeerCredential(Base):
    """The account with which a peer reaches our TAXII server."""

    __tablename__ = "peer_credential"

    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    changed_at: Mapped[datetime]  # part of the key of every cached verification
