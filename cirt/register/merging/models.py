"""Which record was merged into which, from when to when. The records themselves stay where they are."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId

_IN_FORCE = sa.text("ended_at IS NULL")


def _once_in_force(table: str) -> sa.Index:
    """A record is merged into one other at a time; the index also answers where it lives now."""
    return sa.Index(
        f"ix_{table}_in_force",
        "merged_id",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    )


class IncidentMerge(Base):
    """``merged`` is shown through ``leading``; ``root`` is where a chain of merges ends, for reading at once.

    ``before`` holds what the merge changed on the merged incident, so that its end gives that back.
    """

    __tablename__ = "incident_merge"
    __table_args__ = (_once_in_force("incident_merge"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    merged_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    leading_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"), index=True)
    root_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"), index=True)
    before: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(sa.Text)
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))


class ReportMerge(Base):
    """The same for reports. ``brought`` are the observables that the merge offered on incidents."""

    __tablename__ = "report_merge"
    __table_args__ = (_once_in_force("report_merge"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    merged_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"))
    leading_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"), index=True)
    root_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"), index=True)
    before: Mapped[dict[str, Any]]
    brought: Mapped[list[Any]] = mapped_column(sa.JSON)
    reason: Mapped[str] = mapped_column(sa.Text)
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
