"""Links between incidents."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class RelationKind(StrEnum):
    """How the incident stands to the other."""

    PART_OF = "part-of"
    FOLLOWS = "follows"
    RELATED = "related"


class IncidentRelation(Base):
    """One link of two incidents; two of them have at most one, whichever way it points."""

    __tablename__ = "incident_relation"
    __table_args__ = (
        sa.CheckConstraint("incident_id <> other_id", name="two_incidents"),
        sa.Index("ix_incident_relation_other", "other_id", "kind"),
    )

    incident_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False
    )
    other_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[RelationKind]
    note: Mapped[str] = mapped_column(sa.Text)
    added_at: Mapped[datetime]
