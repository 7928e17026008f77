"""Permission records."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.tlp import Tlp
from cirt.sharing.marked import mark_table


class Audience(StrEnum):
    """Who may have it. ``public`` counts for every peer too; what goes to everybody, the table alone says."""

    PEER = "peer"
    PEERS = "peers"  # all with an agreement
    PUBLIC = "public"


class Permission(Base):
    """A source lets us pass on one object, or all that a peer brings up to a marking."""

    __tablename__ = "permission"
    __table_args__ = (
        sa.Index("ix_permission_until", "until"),
        sa.CheckConstraint("(object_id IS NULL) <> (origin_id IS NULL)", name="one_scope"),
        sa.CheckConstraint("(audience = 'peer') = (reader_id IS NOT NULL)", name="one_audience"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(16), unique=True)
    tlp: Mapped[Tlp]  # of the record and its evidence
    object_id: Mapped[int | None] = mapped_column(
        BigId, sa.ForeignKey("stix_object.id"), index=True
    )
    origin_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))  # all that it brings
    up_to: Mapped[Tlp]
    audience: Mapped[Audience]
    reader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))
    given_by: Mapped[str] = mapped_column(sa.String(200))  # the source: a peer or a person
    evidence: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime]
    until: Mapped[datetime | None]  # first instant after the last day
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(sa.String(200))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(200))
    ended_why: Mapped[str | None] = mapped_column(sa.Text)


mark_table("PER", Permission.reference, Permission.tlp)
