"""STIX objects without their bytes: identity, versions, facts, observables, ends.

The bytes are in :mod:`cirt.objects.content`; these columns are what lists, matching and the gate need.
Of what comes by the thousand only the chain from object to bytes is of foreign keys (decision 11).
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.tlp import Tlp
from cirt.objects.observables.kinds import Kind
from cirt.objects.policies import Action, Pap


class StixObject(Base):
    """One STIX id. The columns after ``newest_id`` mirror its newest version."""

    __tablename__ = "stix_object"
    __table_args__ = (sa.Index("ix_stix_object_list", "type", "revoked", "newest_us", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    stix_id: Mapped[str] = mapped_column(sa.String(300), unique=True)
    type: Mapped[str] = mapped_column(sa.String(250))
    brought_by_id: Mapped[int | None]  # peer.id; NULL: ourselves
    first_at: Mapped[datetime]
    newest_id: Mapped[int | None] = mapped_column(BigId)  # object_version.id
    newest_us: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    name: Mapped[str | None] = mapped_column(sa.String(300))
    revoked: Mapped[bool] = mapped_column(default=False)
    valid_until_us: Mapped[int | None] = mapped_column(sa.BigInteger)


class ObjectFacts(Base):
    """One distinct set of what the gate decides by; thousands of versions share a row."""

    __tablename__ = "object_facts"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)  # of all columns below
    type: Mapped[str] = mapped_column(sa.String(250))
    tlp: Mapped[Tlp]  # effective (rulings 1, 2)
    written_tlp: Mapped[Tlp | None]  # what the bytes themselves say; None: unmarked
    origin_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))  # NULL: ourselves
    creator: Mapped[str | None] = mapped_column(sa.String(300))  # created_by_ref, a claim
    sector: Mapped[str | None] = mapped_column(sa.String(60))
    vouched: Mapped[bool] = mapped_column(default=False)  # imported here too: ours to share (10)
    companion: Mapped[bool] = mapped_column(default=False)  # goes with what refers to it (4)
    pap: Mapped[Pap | None]
    iep_start_us: Mapped[int | None] = mapped_column(sa.BigInteger)
    iep_end_us: Mapped[int | None] = mapped_column(sa.BigInteger)  # first instant after it
    iep_actions: Mapped[Action | None]
    iep_unnamed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    iep_quiet: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    personal: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    withheld: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    permits: Mapped[str | None] = mapped_column(sa.Text)  # permission.id, each between spaces
    disputed: Mapped[bool] = mapped_column(  # it came with other bytes too: not relayed
        default=False, server_default=sa.false()
    )
    marks: Mapped[str | None] = mapped_column(sa.Text)  # definitions beside TLP that the bytes name


class ObjectVersion(Base):
    """One (id, modified) with its digest; the first bytes of a pair stay."""

    __tablename__ = "object_version"
    __table_args__ = (sa.UniqueConstraint("object_id", "version_us"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    object_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("stix_object.id"))
    version_us: Mapped[int] = mapped_column(sa.BigInteger)  # instant of the version key
    version_text: Mapped[str] = mapped_column(sa.String(40))  # the key as received
    spec_version: Mapped[str] = mapped_column(sa.String(8), default="2.1")
    facts_id: Mapped[int]  # object_facts.id
    bound_tlp: Mapped[Tlp | None]  # default bound at receipt, where the bytes carry none
    revoked: Mapped[bool] = mapped_column(default=False)
    bare: Mapped[bool] = mapped_column(default=False)  # a recall's bare revocation (rulings 16)
    name: Mapped[str | None] = mapped_column(sa.String(300))
    valid_from_us: Mapped[int | None] = mapped_column(sa.BigInteger)
    valid_until_us: Mapped[int | None] = mapped_column(sa.BigInteger)
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    received_at: Mapped[datetime]
    way_id: Mapped[int | None]  # way.id: by which it came first; NULL: ours, or from the console


class WayKind(StrEnum):
    READ = "read"  # we read it in a collection of theirs
    POSTED = "posted"  # they put it into a collection of ours


class Way(Base):
    """A road by which versions come: a peer and the collection, theirs or ours."""

    __tablename__ = "way"
    __table_args__ = (sa.UniqueConstraint("peer_id", "kind", "collection"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    kind: Mapped[WayKind]
    collection: Mapped[str] = mapped_column(sa.String(200))  # their id or alias, or our alias


class AlsoSeen(Base):
    """A peer that sent a version which another had brought, or which is ours: it has passed there."""

    __tablename__ = "also_seen"

    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True, autoincrement=False
    )
    peer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    way_id: Mapped[int | None]
    at: Mapped[datetime]


class ObjectObservable(Base):
    """What an object's newest version looks for or states; matching is a look-up by ``key``."""

    __tablename__ = "object_observable"
    __table_args__ = (sa.Index("ix_object_observable_object", "object_id"),)

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    object_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)


class FormerObservable(Base):
    """What an earlier version named and the newest does not: versions that may still be asked for."""

    __tablename__ = "former_observable"
    __table_args__ = (sa.Index("ix_former_observable_object", "object_id"),)

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    object_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)


class Holder(IntEnum):
    """Who stored a value; kept apart so that what peers send in any number hides nothing of our own."""

    INCIDENT = 0
    REPORT = 1
    OBJECT = 2


class WiderKey(Base):
    """What a value lies within, by keys: a URL within its host, a domain within those above it (``widening``).

    A line stays when nobody holds the value any more; then nothing is found by it.
    """

    __tablename__ = "wider_key"
    __table_args__: tuple[Any, ...] = ({"sqlite_with_rowid": False},)

    wider: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    holder: Mapped[int] = mapped_column(
        sa.SmallInteger, primary_key=True, autoincrement=False
    )  # Holder
    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)


class ObjectEnd(Base):
    """An id that a version names: an end of a relationship or sighting, what a report or note is about.

    Each must be one that may be known to whom it goes.
    """

    __tablename__ = "object_end"
    __table_args__ = (sa.Index("ix_object_end_stix_id", "stix_id"),)

    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True, autoincrement=False
    )
    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)


class KnownMarking(Base):
    """A marking-definition taken with a TLP of its own, beside the fixed ones of the standard."""

    __tablename__ = "known_marking"

    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    tlp: Mapped[Tlp | None]  # None: a statement, PAP or the like, which says nothing on TLP
    policy: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))  # PAP, IEP
