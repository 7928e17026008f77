"""Which mails have come, so that none is taken twice, and what became of each."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class MailOutcome(StrEnum):
    REPORT = "report"
    ANSWER = "answer"  # to a letter of ours
    BOUNCE = "bounce"  # a letter of ours came back
    AUTOMATIC = "automatic"  # an automatic reply or a bounce that opens nothing


class ReceivedMail(Base):
    """A mail by the digest of what its writer made of it."""

    __tablename__ = "received_mail"
    __table_args__ = (sa.Index("ix_received_mail_list", "outcome", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    message_id: Mapped[str] = mapped_column(sa.String(300), index=True)
    outcome: Mapped[MailOutcome]
    report_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("report.id"))
    origin: Mapped[str] = mapped_column(sa.String(300))  # where it still lies
    sender: Mapped[str] = mapped_column(sa.String(254), default="")  # of those that opened nothing
    subject: Mapped[str] = mapped_column(sa.String(200), default="")  # likewise
    taken_at: Mapped[datetime]
