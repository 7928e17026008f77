"""What the attack did, as far as we know, with its earlier tellings."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Precision(StrEnum):
    """How exactly a time is known."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class AttackEvent(Base):
    """It stands on the timeline at the time it occurred; marked as its incident is."""

    __tablename__ = "attack_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
    occurred_at: Mapped[
        datetime
    ]  # its first instant: of the hour or the day, where no more is known
    precision: Mapped[Precision]
    zone: Mapped[str] = mapped_column(sa.String(64))  # as said: UTC, +03:00, Africa/Nairobi
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    author: Mapped[str] = mapped_column(sa.String(200))
    written_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    bin_id: Mapped[int | None] = mapped_column(sa.BigInteger)  # the act that removed it


class AttackTelling(Base):
    """What an event said before, by version."""

    __tablename__ = "attack_telling"

    event_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("attack_event.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    occurred_at: Mapped[datetime]
    precision: Mapped[Precision]
    zone: Mapped[str] = mapped_column(sa.String(64))
    source: Mapped[str] = mapped_column(sa.String(200))
    author: Mapped[str] = mapped_column(sa.String(200))
    replaced_at: Mapped[datetime]
