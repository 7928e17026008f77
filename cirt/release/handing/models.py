"""Handovers: which versions go, or went, to which named person, under which agreement."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class HandoverKind(StrEnum):
    RELEASE = "release"
    RECALL = "recall"  # names what was revoked, and carries nothing else


class HandoverState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"  # our mail server has taken it
    STAYED = "stayed"  # it may not go any more, or was given up; ``failure`` says why


class Handover(Base):
    """One mail to one person. It is never sent under another Message-ID, so a second try shows as the same mail."""

    __tablename__ = "handover"
    __table_args__ = (sa.Index("ix_handover_due", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_person.id"))
    kind: Mapped[HandoverKind]
    state: Mapped[HandoverState] = mapped_column(default=HandoverState.WAITING)
    agreement: Mapped[str] = mapped_column(sa.String(24))  # MOU-2026-0001 v2, as approved
    fingerprint: Mapped[str] = mapped_column(sa.String(64))  # of the key, as approved
    message_id: Mapped[str] = mapped_column(sa.String(200), default="")  # fixed by the first try
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]  # of one being tried: when it counts as lost
    failure: Mapped[str] = mapped_column(sa.Text, default="")


class HandoverVersion(Base):
    __tablename__ = "handover_version"

    handover_id: Mapped[int] = mapped_column(sa.ForeignKey("handover.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True, index=True
    )
