"""The ledger of mails: how each came, and a line for each, so that none is taken twice."""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.inserting import insert_new
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.acknowledging.rules import ReplyWay
from cirt.register.mail.models import MailOutcome, ReceivedMail
from cirt.register.models import Lane


@dataclass(frozen=True, slots=True)
class MailWay:
    """How a mail came: where it lies, what the operator set for that mailbox, and how it can be answered."""

    origin: str
    lane: Lane | None = None
    tlp: Tlp = Tlp.AMBER
    reply: ReplyWay | None = None  # None where no mail is sent


def enter(
    work: Work, raw: bytes, digest: str, message_id: str, way: MailWay
) -> ReceivedMail | None:
    """Its line; None if it has one, also by a transaction at work.

    ``digest`` is of what its writer made of it. Where nobody could tell, it was entered by that of its bytes.
    """
    by_bytes = bytes_digest(raw)
    if digest != by_bytes and _has_line(work, by_bytes):
        return None
    values = {
        "digest": digest,
        "message_id": fitting(message_id, 300),
        "outcome": MailOutcome.REPORT,
        "origin": fitting(way.origin, 300),
        "sender": "",
        "subject": "",
        "fault": "",
        "taken_at": work.now,
    }
    connection = work.session.connection()
    insert = insert_new(connection, ReceivedMail, "digest").values(**values)
    entry_id = connection.execute(insert.returning(ReceivedMail.id)).scalar_one_or_none()
    return None if entry_id is None else work.session.get_one(ReceivedMail, entry_id)


def bytes_digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def fitting(text: str, limit: int) -> str:
    """On one line of a column."""
    return texts.one_line(texts.storable(text), limit)


def _has_line(work: Work, digest: str) -> bool:
    return bool(work.session.scalar(sa.select(sa.exists().where(ReceivedMail.digest == digest))))
