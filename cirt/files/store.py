"""Keeps files exactly as they came. They are read through the gate only."""

import hashlib
from typing import BinaryIO

import sqlalchemy as sa

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.errors import TooLarge
from cirt.kernel.work import Work

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_MAIL_BYTES = 40 * 1024 * 1024  # a whole mail, which is kept as it came


def put_attachment(
    work: Work,
    owner: str,
    name: str,
    media_type: str,
    body: bytes | BinaryIO,
    *,
    max_bytes: int = MAX_FILE_BYTES,
) -> Attachment:
    """Store a file for a report or incident; name and media type are claims, kept as such.

    Raises:
        TooLarge: it is over ``max_bytes``. Of a stream no more is read than tells so.
    """
    content = body if isinstance(body, bytes) else body.read(max_bytes + 1)
    if len(content) > max_bytes:
        limit = f"{max_bytes // (1024 * 1024)} MiB"
        raise TooLarge(what=_line(name, 80) or "The file", limit=limit)
    attachment = Attachment(
        owner=owner,
        name=_line(name, 255),
        media_type=_line(media_type, 120),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=work.now,
    )
    work.session.add(attachment)
    work.session.flush()
    work.session.add(AttachmentContent(attachment_id=attachment.id, body=content))
    work.session.flush()
    work.audit("file.add", owner, attachment=attachment.id, sha256=attachment.sha256)
    return attachment


def erase_attachments(work: Work, owner: str) -> int:
    """Erase the files of a report or incident for good: how many."""
    query = sa.select(Attachment.id).where(Attachment.owner == owner)
    ids = work.session.scalars(query).all()
    contents = AttachmentContent.attachment_id.in_(ids)
    work.session.execute(sa.delete(AttachmentContent).where(contents))
    work.session.execute(sa.delete(Attachment).where(Attachment.id.in_(ids)))
    return len(ids)


def _line(text: str, limit: int) -> str:
    """Without control characters, which a header or a database would not stand."""
    return "".join(letter for letter in text if letter.isprintable())[:limit]
