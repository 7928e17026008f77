"""An act of deletion. What it removed has its number; rows below are out of reach with what holds them.

There are no keys to it: whenever an act is gone, the database would look through every table for rows of it.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.text import mark

KEPT_FOR = timedelta(days=30)


class Binned(StrEnum):
    """What can be deleted by hand. Reports have states for that, observables are dismissed."""

    INCIDENT = "incident"
    NOTE = "note"
    TASK = "task"
    ATTACK = "attack"


BINNED = {
    Binned.INCIDENT: mark("Incident"),
    Binned.NOTE: mark("Note"),
    Binned.TASK: mark("Task"),
    Binned.ATTACK: mark("Event of the attack"),
}


class Kept(StrEnum):
    """Why something stays although its thirty days are over."""

    RELEASED = "released"
    REFERRED = "referred"


KEPT = {
    Kept.RELEASED: mark("Kept: something of it was released, or asked to be."),
    Kept.REFERRED: mark("Kept: another record refers to it."),
}


class BinAct(Base):
    __tablename__ = "bin_act"
    __table_args__ = (sa.Index("ix_bin_act_at", "deleted_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[Binned]
    row_id: Mapped[int] = mapped_column(sa.BigInteger)  # of the incident, note, task or event
    incident_id: Mapped[int] = mapped_column(sa.BigInteger)  # that it is of
    deleted_at: Mapped[datetime]
    deleted_by: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    reports: Mapped[dict[str, Any]]  # put back into triage: what each was before, by reference
    kept: Mapped[Kept | None]
