"""Where each connector stands, what was typed for it at the desk, and which reports it told of."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Source(Base):
    """A configured connector: its cursor and how its last run went.

    ``counts`` are of the last run: ``offered``, ``taken``, ``known``, ``held``, ``refused`` and, in ``left_out``, what
    had no place here by a few words each.
    """

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(sa.Text)
    last_run_at: Mapped[datetime | None]
    last_data_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)  # the connector's own sentence
    counts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)


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
