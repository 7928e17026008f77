"""What is known of a file; its bytes are in :mod:`cirt.files.content`, behind the gate."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Attachment(Base):
    __tablename__ = "attachment"
    __table_args__ = (sa.Index("ix_attachment_owner", "owner"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(32))  # reference of the report or incident
    name: Mapped[str] = mapped_column(sa.String(255))  # as sent, never used as a path
    media_type: Mapped[str] = mapped_column(sa.String(120))  # as claimed, never trusted
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    stored_at: Mapped[datetime]
