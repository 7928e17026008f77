"""The team's own playbooks and its versions of the included ones. Included texts stay in the program."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base


class Playbook(Base):
    """One that a lead wrote or changed; an included one without a row here is as included."""

    __tablename__ = "playbook"

    slug: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    version: Mapped[int]  # the newest
    offered: Mapped[bool] = mapped_column(default=True)


class PlaybookVersion(Base):
    """What it said from when on. ``content`` is empty where it was set back to what is included."""

    __tablename__ = "playbook_version"

    slug: Mapped[str] = mapped_column(
        sa.String(60), sa.ForeignKey("playbook.slug"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]  # title, fits, steps
    offered: Mapped[bool] = mapped_column(default=True)
    saved_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(sa.String(200))
