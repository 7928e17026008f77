"""Alarms: one peer sends version after version of one object."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base


class RateAlarm(Base):
    """From when on no new version of an object is taken from a peer, and when a person let them in again."""

    __tablename__ = "rate_alarm"
    __table_args__ = (sa.Index("ix_rate_alarm_object", "peer_id", "stix_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    stix_id: Mapped[str] = mapped_column(sa.String(300))
    count: Mapped[int]  # versions within the hour, with the one that was too many
    raised_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
