"""What is kept of every mail: its text, what was read out of its header fields, and itself exactly as it came."""

from collections.abc import Mapping
from typing import Any

from cirt.files.store import MAX_MAIL_BYTES, put_attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.intake import MAX_TEXT_BYTES
from cirt.register.mail.claims import Why
from cirt.register.mail.opening import OpenedMail
from cirt.register.mail.parse import Mail


def keep_whole(work: Work, owner: str, raw: bytes, *, is_whole: bool) -> int:
    """The mail exactly as it came."""
    name, media_type = "mail.eml", "message/rfc822"
    if not is_whole:
        name, media_type = "mail-headers.txt", "text/rfc822-headers"
    kept = put_attachment(work, owner, name, media_type, raw, max_bytes=MAX_MAIL_BYTES + 1024)
    return kept.id


def text_of(mail: Mail) -> str:
    """What the register holds at most; the whole stands in the mail as it came."""
    text = mail.text.strip() or texts.one_line(mail.subject, 200) or "—"
    room = MAX_TEXT_BYTES - 4
    return text.encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore") or "—"


def headers_of(opened: OpenedMail, claims: Mapping[str, Why]) -> dict[str, Any]:
    """The fields as they stand, and what we made of them; ``claims`` are unproven."""
    mail, pgp = opened.mail, opened.pgp
    return {
        "fields": [[texts.storable(name), texts.storable(value)] for name, value in mail.fields],
        "mail": {
            "kind": mail.kind,
            "to": list(map(texts.storable, mail.recipients)),
            "message_id": texts.storable(mail.message_id),
            "claims": list(claims),
            "why": dict(claims),
            "red": mail.tlp is Tlp.RED,
            "spam": mail.is_spam,
            "attached": mail.attached,
            "left_out": mail.left_out,
            "whole": opened.is_whole,
            "pgp": {
                "encrypted": pgp.was_encrypted,
                "opened": pgp.was_opened,
                "signature": pgp.signature,
                "fingerprint": pgp.fingerprint,
                "problem": pgp.problem,
            },
        },
    }
