"""Scores of incidents, all of them kept."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.register.models import Severity


class IncidentScore(Base):
    """One working-out, with the weights and values of its day, so that it can always be shown again."""

    __tablename__ = "incident_score"
    __table_args__ = (sa.Index("ix_incident_score_incident", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(200))
    table_version: Mapped[str] = mapped_column(sa.String(32))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # as rules.Line
    least: Mapped[int]
    most: Mapped[int]
    tenths: Mapped[int]
    level: Mapped[str] = mapped_column(sa.String(32))
    proposed: Mapped[Severity]
    severity: Mapped[Severity]  # what the handler took
    reason: Mapped[str] = mapped_column(sa.Text)
