"""What somebody is about to do, did, or undid to several reports at once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class BulkDo(StrEnum):
    CLAIM = "claim"
    ADD = "add"
    MERGE = "merge"
    REJECT = "reject"
    SPAM = "spam"


class BulkAct(Base):
    """``ticked`` are (reference, version) as they were on the page; ``done`` those that it was done to, with
    the version it left. Only whoever ticked them sees and confirms it."""

    __tablename__ = "bulk_act"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    do: Mapped[BulkDo]
    ticked: Mapped[list[Any]] = mapped_column(sa.JSON)
    done: Mapped[list[Any]] = mapped_column(sa.JSON)
    target: Mapped[str] = mapped_column(sa.String(16), default="")  # incident or leading report
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
