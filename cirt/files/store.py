"""Keeps attachments: hashed, beside their facts, never under a name that somebody sent."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.work import Work


def keep(work: Work, owner: str, name: str, media_type: str, body: bytes) -> Attachment:
    """Store a file as it came; ``owner`` is the reference of the report or incident."""
    attachment = Attachment(
        owner=owner,
        name=name,
        media_type=media_type,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        stored_at=work.now,
    )
    work.session.add(attachment)
    work.session.flush()
    work.session.add(AttachmentContent(attachment_id=attachment.id, body=body))
    work.session.flush()
    return attachment


def attachments_of(session: Session, owner: str) -> list[Attachment]:
    """What is known of an owner's files, oldest first; their bytes come from the gate."""
    query = sa.select(Attachment).where(Attachment.owner == owner).order_by(Attachment.id)
    return list(session.scalars(query))
