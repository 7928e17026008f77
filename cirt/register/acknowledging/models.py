"""Whether mails are acknowledged, with which words, and who was written to lately."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base


class Acknowledging(Base):
    """The one row of the installation; without it, it is on and speaks English."""

    __tablename__ = "acknowledging"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    is_on: Mapped[bool]
    language: Mapped[str] = mapped_column(sa.String(12))  # where the reporter's is not known
    version: Mapped[int]
    changed_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(sa.String(200))


class AcknowledgingText(Base):
    """The team's own words in a language. ``subject`` and ``body`` are empty where they were set back."""

    __tablename__ = "acknowledging_text"

    language: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int]
    changed_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(sa.String(200))


class AcknowledgedSender(Base):
    """Whom we wrote to within the last hour: two programs that answer each other stop there."""

    __tablename__ = "acknowledged_sender"

    address: Mapped[str] = mapped_column(sa.String(254), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
