"""Letters on their way by mail."""

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
