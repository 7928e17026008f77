"""Where each connector stands."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base


class Source(Base):
    """A configured connector: its cursor and how its last run went."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(sa.Text)
    last_run_at: Mapped[datetime | None]
    last_data_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)  # the connector's own sentence
