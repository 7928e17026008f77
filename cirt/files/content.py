"""The bytes of files. Only the gate and the file store import this module."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class AttachmentContent(Base):
    __tablename__ = "attachment_content"

    attachment_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("attachment.id"), primary_key=True, autoincrement=False
    )
    body: Mapped[bytes]
