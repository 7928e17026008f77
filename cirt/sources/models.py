"""Where each connector stands, and its runs."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Source(Base):
    """A configured connector: its cursor and how its last run went."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(sa.Text)
    last_run_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_data_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)  # the connector's own sentence


class SourceRunRow(Base):
    """One run of one connector: all that it handed over is accounted for."""

    __tablename__ = "source_run"
    __table_args__ = (sa.Index("ix_source_run_source", "source", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(60))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    files: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON)  # why some were not taken
    error: Mapped[str | None] = mapped_column(sa.Text)  # in words; None where it went well
