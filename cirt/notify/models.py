"""Letters and notices on their way by mail."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Letter(Base):
    """A message that waits to be mailed; the row goes when it was sent or given up."""

    __tablename__ = "letter"

    message_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("message.id"), primary_key=True, autoincrement=False
    )
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(
        index=True
    )  # of one being tried: when it counts as lost
    error: Mapped[str] = mapped_column(sa.Text, default="")


class Notice(Base):
    """A mail to one of the team about a row such as an agreement; it goes when it was sent or given up."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))  # reference of what it is about
    address: Mapped[str] = mapped_column(sa.String(254))
    title: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[str] = mapped_column(sa.String(200))
    written_at: Mapped[datetime]
    next_try_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")
