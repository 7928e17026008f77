"""Answers of a peer's server: read strictly, and what is wrong with them as our error."""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec
from taxii2client.exceptions import TAXIIServiceException

from cirt.exchange import trouble
from cirt.kernel.net import Answer
from cirt.kernel.net_errors import NetError
from cirt.objects.envelope import NotEnvelope, TooDeep, has_more_than, members_of, split
from cirt.objects.envelope import NotJson as BodyNotJson

_MOST_MEMBERS = 100_000  # of a document, and objects in its list; no real page comes near
_MANY_COMMAS = 400_000  # a body with fewer needs no counting: all of them together fit in memory
_MOST_BESIDE = 2 * 1024 * 1024  # bytes of everything but objects, for all of it is read
_MOST_WORDS = 64 * 1024  # bytes of an answer from which it may be said what went wrong
_UNSEEN = re.compile(r"[^\x20-\x7e\u00a1-\uffff]+")


def read_members(answer: Answer) -> dict[str, Any]:
    """The members of an answer, of which ``objects`` is left as bytes; null counts as left out.

    Raises:
        NotJson, AnswerWrong, PageTooLong, DocumentTooLarge.
    """
    with readable(answer.url):
        body = answer.body.removeprefix(codecs.BOM_UTF8).strip(b" \t\n\r")
        if body.count(b",") > _MANY_COMMAS and has_more_than(body, _MOST_MEMBERS):
            raise trouble.PageTooLong(limit=_MOST_MEMBERS)
        members = members_of(body)
        objects = members.pop("objects", b"null")
        size = sum(map(len, members.values()))
        if size > _MOST_BESIDE:
            raise trouble.DocumentTooLarge(url=answer.url[:200], size=size, limit=_MOST_BESIDE)
        read = {name: msgspec.json.decode(value) for name, value in members.items()}
    if objects != b"null":
        read["objects"] = objects
    return read


def pieces_of(answer: Answer, envelope: Mapping[str, Any]) -> list[bytes]:
    """The objects as exact bytes; those broken in themselves are among them, to be refused one by one.

    Raises:
        NotJson, AnswerWrong, PageTooLong.
    """
    objects = envelope.get("objects", b"[]")
    with readable(answer.url):
        if not objects.startswith(b"["):
            raise NotEnvelope(problem="its objects are not a list")
        pieces = split(objects)
    if len(pieces) > _MOST_MEMBERS:
        raise trouble.PageTooLong(limit=_MOST_MEMBERS)
    return pieces


@contextmanager
def readable(url: str) -> Iterator[None]:
    """What taxii2-client and the readers raise over an answer of another shape, as our error."""
    try:
        yield
    except BodyNotJson as error:
        raise trouble.NotJson(problem=error.values["problem"]) from error
    except (NotEnvelope, TooDeep) as error:
        raise trouble.AnswerWrong(url=url, problem=str(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise trouble.NotJson(problem=plain(error)) from error
    except TAXIIServiceException as error:
        raise trouble.AnswerWrong(url=url, problem=plain(error)) from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        # taxii2-client walks through answers without looking: a list where an object is due, and so on
        problem = f"something in it is missing or of another type ({type(error).__name__})"
        raise trouble.AnswerWrong(url=url, problem=problem) from error


def check_media_type(answer: Answer) -> None:
    """That it is TAXII 2.1; a version may be left out.

    Raises:
        OnlyTaxii20, ContentTypeWrong.
    """
    said = answer.headers.get("content-type", "").replace(" ", "").casefold()
    media, _, parameters = said.partition(";")
    if media == "application/vnd.oasis.taxii+json" or "version=2.0" in parameters:
        raise trouble.OnlyTaxii20
    if media != "application/taxii+json":
        raise trouble.ContentTypeWrong(
            url=answer.url[:200], type=plain(media, 60) or "nothing said"
        )


_PROBLEMS: dict[int, Callable[[Answer], NetError]] = {
    HTTPStatus.UNAUTHORIZED: lambda _: trouble.SignInRefused(),
    HTTPStatus.FORBIDDEN: lambda answer: trouble.Forbidden(words=_words(answer)),
    HTTPStatus.NOT_FOUND: lambda answer: trouble.NotThere(url=answer.url[:200]),
}


def problem_of(answer: Answer) -> NetError:
    """What a status other than success means."""
    if answer.status in _PROBLEMS:
        return _PROBLEMS[answer.status](answer)
    match answer.status // 100:
        case 3:
            return trouble.Redirected(location=plain(answer.headers.get("location")))
        case 5:
            return trouble.PeerFailed(status=answer.status, words=_words(answer))
    return trouble.RequestRefused(status=answer.status, words=_words(answer))


def busy(answer: Answer, asked_s: float | None) -> NetError:
    """That it has no time for us; ``asked_s`` are the seconds for which it asked."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or asked_s is not None:
        return trouble.PeerBusy(status=answer.status, wait_s=round(asked_s or 0))
    return trouble.PeerFailed(status=answer.status, words=_words(answer))


def retry_after_s(answer: Answer, now: datetime) -> float | None:
    """Seconds from now (RFC 9110, section 10.2.3: a number or a date); None where nothing sensible is said."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def _words(answer: Answer) -> str:
    """What a peer says of its error, short and without anything that a terminal would obey."""
    if len(answer.body) > _MOST_WORDS:
        return "-"
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return "-"
    if not isinstance(said, dict):
        return "-"
    return plain(said.get("description") or said.get("title"), 200) or "-"


def plain(said: object, limit: int = 200) -> str:
    """Foreign text as it may stand in a message or log."""
    return _UNSEEN.sub(" ", str(said or ""))[:limit].strip()
