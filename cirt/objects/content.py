"""The exact bytes of object versions. Only the store (writes) and the gate (reads) import this module."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class ObjectContent(Base):
    __tablename__ = "object_content"

    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True, autoincrement=False
    )
    body: Mapped[bytes]
