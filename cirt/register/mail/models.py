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
    SET_ASIDE = "set-aside"  # kept with its bytes: it could not become a report yet


class ReceivedMail(Base):
    """A mail by the digest of what its writer made of it."""

    __tablename__ = "received_mail"
    __table_args__ = (
        sa.Index("ix_received_mail_list", "outcome", "id"),
        sa.Index(
            "ix_received_mail_fault",
            "id",
            sqlite_where=sa.text("fault <> ''"),
            postgresql_where=sa.text("fault <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    message_id: Mapped[str] = mapped_column(sa.String(300), index=True)
    outcome: Mapped[MailOutcome]
    report_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("report.id"))
    origin: Mapped[str] = mapped_column(sa.String(300))  # where it still lies
    sender: Mapped[str] = mapped_column(sa.String(254), default="")  # of those that opened nothing
    subject: Mapped[str] = mapped_column(sa.String(200), default="")  # likewise
    taken_at: Mapped[datetime]
    # What broke when it was to be read, in one word of the program; empty where nothing did.
    fault: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")


class SetAsideMail(Base):
    """A mail of which nothing could be made, exactly as it came, until a later try makes a report of it."""

    __tablename__ = "set_aside_mail"

    received_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("received_mail.id"), primary_key=True, autoincrement=False
    )
    source: Mapped[str] = mapped_column(sa.String(60))  # the connector's table, whose lane it takes
    is_whole: Mapped[bool]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    tries: Mapped[int] = mapped_column(default=1)
    next_try_at: Mapped[datetime] = mapped_column(index=True)
