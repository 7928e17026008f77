"""Those whom an incident concerns."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class PartyRole(StrEnum):
    VICTIM = "victim"
    SOURCE = "source"
    INTERMEDIARY = "intermediary"
    INFORMED = "informed"


class IncidentParty(Base):
    """Somebody by name, in one role; what was taken off stays, to be put back."""

    __tablename__ = "incident_party"
    __table_args__ = (sa.Index("ix_incident_party_incident", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[PartyRole]
    sector: Mapped[str | None] = mapped_column(sa.String(60))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    note: Mapped[str] = mapped_column(sa.Text)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
