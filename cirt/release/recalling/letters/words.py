"""What letters say: the id, the day, what to do. Never why, and nothing of what is in the object."""

from dataclasses import dataclass
from datetime import datetime

from cirt.kernel.text import mark
from cirt.release.recalling.models import LetterKind

SUBJECTS = {
    LetterKind.CLOSED: mark("Revoked: {stix_id}"),
    LetterKind.REMINDER: mark("Reminder, revoked: {stix_id}"),
    LetterKind.AUTHOR: mark("We offer your object no longer: {stix_id}"),
}
TEXTS = {
    LetterKind.CLOSED: mark(
        "You had this object from us:\n\n    {stix_id}\n\nWe revoked it on {day}. Please stop using it, and tell those to"
        " whom you gave it. We write because our collections are not open to your systems at present."
    ),
    LetterKind.REMINDER: mark(
        "You fetched this object from us:\n\n    {stix_id}\n\nWe offered you its revocation on {day}, and your systems have"
        " not fetched it yet. Please stop using the object, and see that your systems poll our collection again."
    ),
    LetterKind.AUTHOR: mark(
        "This object is yours:\n\n    {stix_id}\n\nSince {day} we offer it to nobody any more. If it is wrong, please revoke"
        " it: only you can, and we pass your revocation on to those who had it from us."
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str


def words_of(kind: LetterKind, stix_id: str, recalled_at: datetime) -> Words:
    values = {"stix_id": stix_id, "day": f"{recalled_at:%Y-%m-%d}"}
    return Words(SUBJECTS[kind].format(**values), TEXTS[kind].format(**values))
