"""A released letter as a mail: headers that thread it, its text, and the encryption if it has a key."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from cirt.kernel.gpg import Gpg
from cirt.register.texts import one_line
from cirt.sharing.letters import ReleasedLetter

_POLICY = SMTP.clone(cte_type="7bit")  # no server on the way has to know 8BITMIME
_WORDS = 24  # bytes of an id that nobody can guess


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands on a letter beside its text."""

    from_name: str
    from_address: str
    subject: str
    message_id: str
    at: datetime
    answers: tuple[str, ...] = ()  # Message-IDs, the oldest first
    is_automatic: bool = False  # no person wrote it


def new_message_id(from_address: str) -> str:
    """Nobody can guess it, so whoever answers it has had our letter."""
    return f"{secrets.token_urlsafe(_WORDS)}@{from_address.rpartition('@')[2]}"


def mail_of(letter: ReleasedLetter, envelope: Envelope, gpg: Gpg | None) -> EmailMessage:
    """
    Raises:
        GpgFailed: it is to be encrypted, and that cannot be done.
    """
    content = EmailMessage(policy=_POLICY)
    content.set_content(letter.text, subtype="plain", charset="utf-8")
    mail = content
    if letter.fingerprint:
        mail = _encrypted(content, letter.fingerprint, gpg)
    address(mail, letter.address, envelope)
    return mail


def address(mail: EmailMessage, to: str, envelope: Envelope) -> None:
    """The headers that everybody on the way can read."""
    mail["From"] = formataddr((one_line(envelope.from_name, 100), envelope.from_address))
    mail["To"] = to
    mail["Subject"] = one_line(envelope.subject, 300)
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = f"<{envelope.message_id}>"
    if envelope.answers:
        mail["In-Reply-To"] = f"<{envelope.answers[-1]}>"
        mail["References"] = " ".join(f"<{one}>" for one in envelope.answers)
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # asks Exchange not to answer by itself
    if envelope.is_automatic:
        mail["Auto-Submitted"] = "auto-replied"  # RFC 3834: no program answers it


def _encrypted(content: EmailMessage, fingerprint: str, gpg: Gpg | None) -> EmailMessage:
    """For the one key that the letter names."""
    if gpg is None:
        raise AssertionError("a key was found without GnuPG")
    return pgp_mime(gpg.encrypt(content.as_bytes(), fingerprint))


def pgp_mime(sealed: bytes) -> EmailMessage:
    """A mail of nothing but this encrypted part (RFC 3156, section 4)."""
    mail = EmailMessage(policy=_POLICY)
    mail["MIME-Version"] = "1.0"
    mail["Content-Type"] = 'multipart/encrypted; protocol="application/pgp-encrypted"'
    mail.attach(_part(b"Version: 1\r\n", "pgp-encrypted", ""))
    mail.attach(_part(sealed, "octet-stream", "encrypted.asc"))
    return mail


def _part(body: bytes, subtype: str, name: str) -> EmailMessage:
    part = EmailMessage(policy=_POLICY)
    part.set_content(body, maintype="application", subtype=subtype, cte="7bit")
    if name:
        part["Content-Disposition"] = f'inline; filename="{name}"'
    del part["MIME-Version"]
    return part
