"""Who is written to, in which language, with which words. Pure.

RFC 3834: a program answers persons alone, never another program, a list or itself. That a mail is an automatic
reply or a bounce is told by :mod:`cirt.register.mail.kinds`; such a mail never gets here as a report.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files

from cirt.register.acknowledging.errors import PlaceMissing, PlaceUnknown
from cirt.register.mail.kinds import MailKind
from cirt.register.mail.parse import Mail
from cirt.register.models import Lane

PLACES = ("reference", "code", "address")
HIDDEN = "•••-•••-•••-•••-•••"  # stands for the code wherever a letter is kept or shown
OLDEST = timedelta(days=2)  # a mailbox that is read for the first time may hold years
_EARLY = timedelta(days=1)  # clocks of senders go wrong
_PLACE = re.compile(r"\{([^{}\s]{1,40})\}")
_PROGRAMS = re.compile(
    r"(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|mailer-daemon|bounces?|listserv|majordomo|owner-.*|.*-owner"
    r"|.*-request|.*-bounces?|bounces?[-+=].*)@"
)
_MOSTLY = 0.5  # of the letters


class Acknowledged(StrEnum):
    """Whether a report by mail was, or the reason why not."""

    YES = "yes"
    OFF = "off"
    NO_SENDER = "no-sender"
    OURS = "ours"
    PROGRAM = "program"
    LIST = "list"
    SPAM = "spam"
    FORGED = "forged"
    OLD = "old"
    LATELY = "lately"


@dataclass(frozen=True, slots=True)
class ReplyWay:
    """How we can be reached: where reports are followed, and which mail addresses are our own."""

    address: str
    ours: frozenset[str] = field(default_factory=frozenset)  # in small letters


@dataclass(frozen=True, slots=True)
class Words:
    """An acknowledgement in one language, with places to fill in."""

    subject: str
    body: str


def reason_against(
    mail: Mail, lane: Lane | None, way: ReplyWay, now: datetime
) -> Acknowledged | None:
    """Why this mail gets no answer from a program; None where it may get one."""
    tests = (
        (Acknowledged.NO_SENDER, not mail.sender),
        (Acknowledged.OURS, mail.sender in way.ours),
        (Acknowledged.PROGRAM, mail.kind is not MailKind.PERSON or _is_program(mail)),
        (Acknowledged.LIST, _is_of_list(mail)),
        (Acknowledged.SPAM, mail.is_spam or lane is Lane.SPAM),
        (Acknowledged.FORGED, "dmarc=fail" in _header(mail, "authentication-results").casefold()),
        (Acknowledged.OLD, not _is_recent(mail, now)),
    )
    return next((reason for reason, holds in tests if holds), None)


def language_of(mail: Mail) -> str:
    """Of its writer as far as the mail tells: by its script, else as their mail program says; else empty."""
    found = _by_script(mail.text[:4000])
    if found:
        return found
    for name in ("content-language", "accept-language"):
        said = re.split(r"[\s,;]", _header(mail, name).strip(), maxsplit=1)[0]
        if said:
            language = said.partition("-")[0].casefold()
            return language if language in included() else ""
    return ""


def check_places(body: str) -> None:
    """
    Raises:
        PlaceMissing, PlaceUnknown.
    """
    found = set(_PLACE.findall(body))
    known = ", ".join(f"{{{one}}}" for one in PLACES)
    for one in sorted(found - set(PLACES)):
        raise PlaceUnknown(place=f"{{{one}}}", known=known)
    missing = [f"{{{one}}}" for one in PLACES if one not in found]
    if missing:
        raise PlaceMissing(places=", ".join(missing))


def filled(body: str, values: Mapping[str, str]) -> str:
    """Each place once, so that what is filled in is never read as a place."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), body)


@cache
def included() -> dict[str, Words]:
    """The words that come with the program, by language."""
    text = (files(__package__) / "included.json").read_text(encoding="utf-8")
    return {language: Words(**words) for language, words in json.loads(text).items()}


def _header(mail: Mail, name: str) -> str:
    return next((value for known, value in mail.fields if known.casefold() == name), "")


def _is_program(mail: Mail) -> bool:
    """Addresses at which nobody reads, and senders that ask for no answer."""
    return bool(_PROGRAMS.match(mail.sender) or _header(mail, "x-loop"))


def _is_of_list(mail: Mail) -> bool:
    """RFC 2369 and 2919; an answer would go to everybody on it."""
    names = {name.casefold() for name, _ in mail.fields}
    return any(name.startswith("list-") for name in names) or bool(
        names & {"mailing-list", "x-mailing-list", "feedback-id"}
    )


def _is_recent(mail: Mail, now: datetime) -> bool:
    try:
        at = parsedate_to_datetime(_header(mail, "date"))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return -_EARLY < now - at < OLDEST
    except (ValueError, TypeError, OverflowError, IndexError):
        return False


def _by_script(text: str) -> str:
    """Only where letters of its own tell the language from others in the same script."""
    letters = [letter for letter in text if letter.isalpha()]
    for language, (first, last, own, others) in _SCRIPTS.items():
        share = sum(first <= letter <= last for letter in letters)
        if share > _MOSTLY * len(letters):
            low = text.casefold()
            fits = (not own or any(one in low for one in own)) and not any(c in low for c in others)
            return language if fits else ""
    return ""


# First and last letter of the script, letters of this language, letters of others that share the script.
_SCRIPTS = {
    "ar": ("\u0600", "\u06ff", "", "\u067e\u0686\u0698\u06af\u06a9\u06cc\u0679\u0688\u06d2"),
    "ru": (
        "\u0400",
        "\u04ff",
        "\u044b\u044d\u0451",
        "\u0456\u0457\u0454\u0491\u045e\u0452\u0458\u0459\u045a\u045b\u045f\u049b\u04d9\u04a3",
    ),
    "zh": ("\u4e00", "\u9fff", "", ""),
}
