"""Messages of a report or an incident, and the files that came with them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Channel(StrEnum):
    """The way a message came or goes. What goes out can be read on the status page whatever the way."""

    PAGE = "page"
    MAIL = "mail"
    DESK = "desk"  # said by telephone or in person, written down by one of us
    WEBHOOK = "webhook"


class MessageKind(StrEnum):
    QUESTION = "question"  # out; we wait for an answer
    LETTER = "letter"  # out; advice, the outcome: nobody has to answer
    ACKNOWLEDGEMENT = "acknowledgement"  # out, by the program: their mail has come
    ANSWER = "answer"  # in
    AGAIN = "again"  # in; a system told of the same once more


class MessageState(StrEnum):
    """Of what goes out; what comes in has none."""

    WRITTEN = "written"  # on the status page; with a ``recipient`` it also waits to be mailed
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


_IS_UNREAD = sa.text("direction = 'in' AND read_at IS NULL")
_IS_QUESTION = sa.text("kind = 'question'")
_IS_TO_MAIL = sa.text("state IN ('written', 'queued') AND recipient <> ''")


class Message(Base):
    """One thing said. Of a report it also shows on the report's incidents; ``incident_id`` is where it was written
    or, for mail of others than reporters, where it belongs."""

    __tablename__ = "message"
    __table_args__ = (
        sa.CheckConstraint(
            "report_id IS NOT NULL OR incident_id IS NOT NULL", name="belongs_somewhere"
        ),
        sa.Index("ix_message_of_report", "report_id", "at", "id"),
        sa.Index("ix_message_of_incident", "incident_id", "at", "id"),
        sa.Index(
            "ix_message_unread",
            "report_id",
            "incident_id",
            sqlite_where=_IS_UNREAD,
            postgresql_where=_IS_UNREAD,
        ),
        sa.Index(
            "ix_message_question",
            "report_id",
            "at",
            sqlite_where=_IS_QUESTION,
            postgresql_where=_IS_QUESTION,
        ),
        sa.Index(
            "ix_message_to_mail", "at", sqlite_where=_IS_TO_MAIL, postgresql_where=_IS_TO_MAIL
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("report.id"))
    incident_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    direction: Mapped[Direction]
    channel: Mapped[Channel]
    kind: Mapped[MessageKind]
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    text: Mapped[str] = mapped_column(sa.Text)  # what no column holds is kept beside it as a file
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))  # who wrote it
    sender: Mapped[str] = mapped_column(sa.String(254), default="")  # of a mail, as written
    recipient: Mapped[str] = mapped_column(sa.String(254), default="")  # mail address; or nobody
    message_id: Mapped[str | None] = mapped_column(sa.String(300), index=True)  # of the mail
    in_reply_to: Mapped[str | None] = mapped_column(sa.String(300))
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as the request or mail had them
    state: Mapped[MessageState | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[datetime | None]
    form_token: Mapped[str | None] = mapped_column(sa.String(64), unique=True)  # hash; counts once
    read_at: Mapped[datetime | None]  # of what came in: when one of us took note
    read_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))


# Word for word as the index has it: with a parameter in it, SQLite would not use it.
is_unread = sa.and_(
    Message.direction == sa.literal_column("'in'", Message.direction.type),
    Message.read_at.is_(None),
)

is_question = Message.kind == sa.literal_column("'question'", Message.kind.type)


class MessageFile(Base):
    """A file that came with a message; it belongs to the report or incident, whose marking holds for it."""

    __tablename__ = "message_file"

    attachment_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("attachment.id"), primary_key=True, autoincrement=False
    )
    message_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("message.id"), index=True)
