"""Recalls, and letters to peers about them."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class RecallKind(StrEnum):
    REVOKED = "revoked"  # our own object, by us
    WITHDRAWN = "withdrawn"  # another's object: offered no longer
    PASSED_ON = "passed-on"  # another's object, revoked by its author


class Recall(Base):
    """One act by which an object was taken back. The reason stays in the house."""

    __tablename__ = "recall"
    __table_args__ = (
        sa.Index("ix_recall_object", "object_id"),
        sa.Index("ix_recall_list", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    object_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("stix_object.id"))
    version_id: Mapped[int | None] = mapped_column(  # the revocation; NULL: withdrawn only
        BigId, sa.ForeignKey("object_version.id")
    )
    kind: Mapped[RecallKind]
    reason: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))


class LetterKind(StrEnum):
    """Why a letter is written."""

    CLOSED = "closed"  # had it, and cannot be told by TAXII
    REMINDER = "reminder"  # has not fetched the revocation yet
    AUTHOR = "author"  # theirs; we offer it no longer


class LetterState(StrEnum):
    PREPARED = "prepared"  # waits for a person
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # not needed any more


class PeerLetter(Base):
    """A letter to a peer about one recall; its words are made when it is sent, and kept as they went."""

    __tablename__ = "peer_letter"
    __table_args__ = (
        sa.UniqueConstraint("recall_id", "peer_id", "kind", "number"),
        sa.Index("ix_peer_letter_peer", "peer_id", "state"),
        sa.Index("ix_peer_letter_due", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recall_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("recall.id"))
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    kind: Mapped[LetterKind]
    number: Mapped[int] = mapped_column(default=1)  # of its kind
    state: Mapped[LetterState] = mapped_column(default=LetterState.PREPARED)
    address: Mapped[str] = mapped_column(sa.String(254), default="")
    subject: Mapped[str] = mapped_column(sa.String(300), default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    message_id: Mapped[str | None] = mapped_column(sa.String(300))
    prepared_at: Mapped[datetime]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
