"""Whom reports are forwarded to, and what was forwarded."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Agency(Base):
    """An authority that is no peer: the police, a data protection office, a hotline."""

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    address: Mapped[str] = mapped_column(sa.String(254))  # mail address or telephone
    purpose: Mapped[str] = mapped_column(sa.Text)  # what it is competent for
    version: Mapped[int] = mapped_column(default=1)
    retired_at: Mapped[datetime | None]  # no longer offered; what was forwarded stays readable


class Forwarding(Base):
    """One report handed on: to whom, why, and the words that leave."""

    __tablename__ = "forwarding"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"), index=True)
    peer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))
    name: Mapped[str] = mapped_column(sa.String(200))  # as it was called then
    reason: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text)
    forwarded_at: Mapped[datetime]
    forwarded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    taken_back_at: Mapped[datetime | None]
