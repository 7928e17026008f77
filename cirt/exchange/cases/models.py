"""Decisions on all of one peer that wait for the same reason, carried out slice by slice."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.exchange.cases.commands import Do
from cirt.kernel.db import Base, BigId
from cirt.kernel.work import ActorKind


class Stage(StrEnum):
    """How far a decision is carried out."""

    DECIDING = "deciding"
    DECIDED = "decided"
    REPLACED = "replaced"  # a later one holds for what it had not come to
    REOPENING = "reopening"
    REOPENED = "reopened"


AT_WORK = (Stage.DECIDING, Stage.REOPENING)


class AlikeDecision(Base):
    """Who decided what on which arrivals, and how far that is; the arrivals point to it.

    ``upto`` and ``shown_at`` are what the page counted: what came, or was opened again, later is not decided by it.
    """

    __tablename__ = "alike_decision"
    __table_args__ = (sa.Index("ix_alike_decision_stage", "stage"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    peer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))  # NULL: console import
    code: Mapped[str] = mapped_column(sa.String(64))
    upto: Mapped[int] = mapped_column(BigId)
    shown_at: Mapped[datetime]
    do: Mapped[Do]
    reason: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None]  # account.id; NULL: the console
    asked_via: Mapped[ActorKind]
    total: Mapped[int]  # that waited when it was asked
    stage: Mapped[Stage] = mapped_column(default=Stage.DECIDING)
    reached: Mapped[int] = mapped_column(BigId, default=0)  # the arrival it came to last
    looked_at: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)  # of those looked at: they wait still
    reopened: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]

    @property
    def decided(self) -> int:
        """Dropped, or tried anew whatever came of it."""
        return self.looked_at - (self.left if self.do is Do.DROP else 0)
