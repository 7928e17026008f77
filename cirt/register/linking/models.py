"""Links of reports: to incidents, of which a report may begin or feed several, and to each other."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class LinkKind(StrEnum):
    ACCEPTED = "accepted"  # the incident began with the report
    ADDED = "added"
    RELATED = "related"  # linked, and nothing decided by it


class ReportIncident(Base):
    """A report on an incident; ``whereabouts`` reads it for everybody.

    ``before`` is the link that decided nothing and stood here until a decision took its place: its reason, time
    (microseconds) and account, for undo.
    """

    __tablename__ = "report_incident"
    __table_args__ = (sa.Index("ix_report_incident_incident", "incident_id", "report_id"),)

    report_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False
    )
    incident_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[LinkKind]
    reason: Mapped[str] = mapped_column(sa.Text)
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))


class RelatedReport(Base):
    """Two reports that somebody finds related; the smaller id stands first."""

    __tablename__ = "related_report"
    __table_args__ = (
        sa.CheckConstraint("report_id < other_id", name="smaller_first"),
        sa.Index("ix_related_report_other", "other_id"),
    )

    report_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False
    )
    other_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False
    )
    reason: Mapped[str] = mapped_column(sa.Text)
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
