"""News of matches, one line for an incident and a run."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class MatchNews(Base):
    """So many objects that came, or that were here, met what the incident holds.

    No keys: a key to the incident would make a run wait for whoever works on it. What meets is looked up when it is read.
    """

    __tablename__ = "match_news"
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "run_id"),
        sa.Index("ix_match_news_at", "at", "incident_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId)
    run_id: Mapped[int | None] = mapped_column(BigId)  # NULL: no run brought them; a line each time
    count: Mapped[int]
    at: Mapped[datetime]  # of the last of them
