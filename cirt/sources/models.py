"""Where each connector stands, its runs, what was typed for it at the desk, and which reports it told of."""

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
    left_out: Mapped[dict[str, int] | None] = mapped_column(sa.JSON)  # what had no place, in words


class SavedSetting(Base):
    """A setting that is typed at the desk instead of in cirt.toml."""

    __tablename__ = "source_setting"

    source: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)


class SourceKey(Base):
    """One thing that a source told of, however often, by the hash of its key."""

    __tablename__ = "source_key"

    source: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    key_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"))
    count: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str] = mapped_column(sa.String(64))  # of what was told last
    last_at: Mapped[datetime]
