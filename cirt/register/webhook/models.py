"""The systems that may report by themselves, and what each has told of."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.tlp import Tlp


class Webhook(Base):
    """``window_at`` and ``window_count`` hold how much came in the present minute.

    ``refused_why`` has the ``code`` and ``values`` of the last refusal and the ``size`` of what was refused, never
    anything of its content.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    mapping: Mapped[dict[str, Any]]
    tlp: Mapped[Tlp]
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    window_at: Mapped[datetime | None]
    window_count: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")  # of the mapping
    taken_count: Mapped[int] = mapped_column(default=0, server_default="0")
    refused_at: Mapped[datetime | None]
    refused_why: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)


class WebhookKey(Base):
    """One thing that a system told of, however often, by the hash of its key."""

    __tablename__ = "webhook_key"

    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id"), primary_key=True)
    key_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("report.id"))
    count: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str] = mapped_column(sa.String(64))  # of what was sent last
    last_at: Mapped[datetime]
