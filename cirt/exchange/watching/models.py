"""What each line brought by day, and alerts that stand."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.tlp import Tlp
from cirt.sharing.marked import mark_table


class LineDay(Base):
    """What one line did on one day (UTC). ``line`` is ``link:7`` or ``source:misp``."""

    __tablename__ = "line_day"

    line: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    runs: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(BigId, default=0)
    taken: Mapped[int] = mapped_column(BigId, default=0)
    known: Mapped[int] = mapped_column(BigId, default=0)
    held: Mapped[int] = mapped_column(BigId, default=0)
    refused: Mapped[int] = mapped_column(BigId, default=0)
    longest_gap_s: Mapped[int | None]  # of the silences that data ended on this day
    last_data_at: Mapped[datetime | None]


class AlertKind(StrEnum):
    SILENT = "silent"  # longer than its habit
    FAILING = "failing"  # for several of its intervals
    FILLING = "filling"  # much more of it is held or refused than in the days before


class LineAlert(Base):
    """Something about a line that a person should know. It stands until its cause is gone.

    Where somebody has said that it is expected, it is no longer shown, and comes again only after the cause was
    gone once.
    """

    __tablename__ = "line_alert"
    __table_args__ = (
        sa.Index(
            "uq_line_alert_standing",
            "line",
            "kind",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str | None] = mapped_column(sa.String(32), unique=True)  # ALERT-7, for mails
    line: Mapped[str] = mapped_column(sa.String(80))
    kind: Mapped[AlertKind]
    peer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))
    name: Mapped[str] = mapped_column(sa.String(300))  # what the line is called on pages
    tlp: Mapped[Tlp] = mapped_column(default=Tlp.AMBER)  # what a mail about it is marked
    values: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    expected_at: Mapped[datetime | None]
    expected_by: Mapped[str] = mapped_column(sa.String(200), default="")
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    ended_at: Mapped[datetime | None]


mark_table("ALERT", LineAlert.reference, LineAlert.tlp)
