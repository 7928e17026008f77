"""Checks by manifest, with what they found."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class CheckState(StrEnum):
    ASKED = "asked"  # waits for the worker
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ManifestCheck(Base):
    """One walk over a peer's manifest. ``missing`` are [id, version] pairs, no more of them than a page can bear."""

    __tablename__ = "manifest_check"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id"), index=True)
    state: Mapped[CheckState] = mapped_column(default=CheckState.ASKED)
    asked_by: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(default=0)  # versions in the manifest
    taken: Mapped[int] = mapped_column(default=0)  # here, and brought by this peer
    known: Mapped[int] = mapped_column(default=0)  # here from elsewhere
    quarantined: Mapped[int] = mapped_column(default=0)  # held or refused
    missing_count: Mapped[int] = mapped_column(default=0)
    missing: Mapped[list[list[str]]] = mapped_column(sa.JSON)
    limited_by: Mapped[str | None] = mapped_column(sa.String(64))  # the walk ended before the end
    error: Mapped[str | None] = mapped_column(sa.String(64))
    error_values: Mapped[dict[str, Any]]
    again_state: Mapped[CheckState | None]  # of asking for what is missing
    again_run_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("run.id"))
    again_came: Mapped[int] = mapped_column(
        default=0
    )  # of the missing that are here or in quarantine now
