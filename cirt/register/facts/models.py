"""Facts of which an incident can have several."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.register.facts.kinds import FacetKind


class IncidentFacet(Base):
    """A further class, a sector or a country of an incident."""

    __tablename__ = "incident_facet"
    __table_args__ = (sa.Index("ix_incident_facet_code", "kind", "code", "incident_id"),)

    incident_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[FacetKind] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
