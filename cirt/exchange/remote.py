"""A peer's TAXII 2.1 server, through taxii2-client's objects over our own connection.

The connection gives what the library lacks: deadlines, size limits, no redirects, one origin, strict JSON, the
exact bytes of objects, and patience with Retry-After. This is the only module that imports taxii2-client.
"""

import base64
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode, urljoin

import msgspec
from taxii2client.exceptions import TAXIIServiceException
from taxii2client.v21 import ApiRoot, Collection, Status

from cirt.exchange import trouble
from cirt.kernel.clock import Clock
from cirt.kernel.net import Answer, HttpClient, Limits, NetError
from cirt.kernel.settings import Network
from cirt.objects.envelope import NotEnvelope, TooDeep, members_of, split
from cirt.objects.envelope import NotJson as BodyNotJson

MEDIA_TYPE = "application/taxii+json;version=2.1"
ATTEMPTS = 4
_MAX_WAIT_S = 60.0  # a peer that asks for more patience is left until the next slot
_MAX_ROOTS = 20
_MAX_TOKEN = 10_000
_DEFAULT_CONTENT_LENGTH = 1024 * 1024
_GOOD = frozenset({200, 201, 202, 204})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNSEEN = re.compile(r"[^\x20-\x7e\u00a1-\uffff]+")


@dataclass(frozen=True, slots=True)
class Access:
    """How a peer is reached."""

    url: str
    username: str | None = None
    password: str | None = None
    allow: Sequence[Network] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the objects endpoint, its objects as exact bytes."""

    pieces: list[bytes]
    more: bool
    token: str | None
    last_added: str | None  # X-TAXII-Date-Added-Last, as sent


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer says of what we sent; ``failures`` maps (id, version) to the peer's words."""

    status_id: str | None
    is_complete: bool
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


class Connection:
    """What taxii2-client calls a connection, over :class:`HttpClient`."""

    def __init__(self, access: Access, clock: Clock, limits: Limits | None = None) -> None:
        headers = {"User-Agent": "cirt/0.1"}
        if access.username is not None:
            pair = f"{access.username}:{access.password or ''}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._client = HttpClient(access.url, allow=access.allow, limits=limits, headers=headers)
        self._clock = clock
        self.last: Answer | None = None

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, params: Any = None
    ) -> dict[str, Any]:
        """The answer's members; ``objects`` stays unread, for its bytes are taken from ``last``."""
        query = urlencode(params or {}, doseq=True)
        sent = {"Accept": MEDIA_TYPE}
        return self._asked("GET", f"{url}?{query}" if query else url, sent, None)

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        data: bytes = b"",
    ) -> dict[str, Any]:
        sent = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        return self._asked("POST", url, sent, data)

    def close(self) -> None:
        self._client.close()

    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> dict[str, Any]:
        self.last = answer = self._patiently(method, url, headers, body)
        if answer.status == HTTPStatus.NO_CONTENT:
            return {}
        _check_media_type(answer)
        return read_members(answer)

    def _patiently(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Ask again where that may help. A POST is asked again too: known objects change nothing."""
        for attempt in range(1, ATTEMPTS + 1):
            wait_s = 2.0**attempt * random.uniform(0.5, 1)  # noqa: S311  # no secret, only spread
            try:
                answer = self._client.send(method, url, headers=headers, body=body)
            except NetError as error:
                if not error.retry or attempt == ATTEMPTS:
                    raise
            else:
                if answer.status in _GOOD:
                    return answer
                asked_s = _retry_after_s(answer, self._clock.now())
                if answer.status not in _BUSY:
                    raise _problem(answer)
                if attempt == ATTEMPTS or (asked_s or 0) > _MAX_WAIT_S:
                    raise _busy(answer, asked_s)
                wait_s = max(wait_s, asked_s or 0)
            self._clock.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")


class Remote:
    """One session with one peer."""

    def __init__(self, access: Access, clock: Clock, limits: Limits | None = None) -> None:
        self._url = access.url
        self._connection = Connection(access, clock, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find(self, name: str) -> "RemoteCollection":
        """The collection with this id or alias, over every API root of the peer.

        Raises:
            CollectionMissing: the peer shows none to us.
            NetError: the peer cannot be asked.
        """
        seen: list[str] = []
        elsewhere: NetError | None = None
        for url in self._roots():
            root = ApiRoot(url, conn=self._connection)
            try:
                with _readable(url):
                    shown = list(root.collections)
            except trouble.OtherOrigin as error:
                elsewhere = error
                continue
            for one in shown:
                if name in (one.id, one.alias):
                    return RemoteCollection(root, one, self._connection)
                seen.append(str(one.alias or one.id)[:60])
        if elsewhere is not None:
            raise elsewhere
        raise trouble.CollectionMissing(name=name, seen=", ".join(seen[:10]) or "-")

    def _roots(self) -> list[str]:
        """The API roots, the default one first; the address set for the peer may itself be a root."""
        found = self._connection.get(self._url)
        if "api_roots" not in found and "versions" in found:
            return [self._url]
        roots = found.get("api_roots")
        if not isinstance(roots, list) or not all(isinstance(root, str) for root in roots):
            raise trouble.AnswerWrong(url=self._url, problem="it names no API roots")
        first = [found["default"]] if found.get("default") in roots else []
        every = dict.fromkeys(urljoin(self._url, root) for root in [*first, *roots])
        return list(every)[:_MAX_ROOTS]


class RemoteCollection:
    """A collection of a peer that we read or write."""

    def __init__(self, root: ApiRoot, collection: Collection, connection: Connection) -> None:
        self._root, self._collection, self._connection = root, collection, connection

    @property
    def can_read(self) -> bool:
        return self._collection.can_read is True

    @property
    def can_write(self) -> bool:
        return self._collection.can_write is True

    def max_content_length(self) -> int:
        """In bytes, as the API root says; a careful guess where it says nothing sensible."""
        try:
            with _readable(self._root.url):
                said = self._root.max_content_length
        except trouble.AnswerWrong:
            return _DEFAULT_CONTENT_LENGTH
        return said if isinstance(said, int) and said > 0 else _DEFAULT_CONTENT_LENGTH

    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page:
        """One page of objects; ``filters`` are added_after and version, the same for a whole walk."""
        query = {**filters, "limit": limit, **({"next": token} if token else {})}
        with _readable(self._collection.url):
            envelope = self._collection.get_objects(**query)
        answer = self._connection.last
        if answer is None:
            raise AssertionError("there is an answer by now")
        pieces = _pieces(answer, envelope)
        token = _token(envelope.get("next"))
        more = envelope.get("more")
        if not isinstance(more, bool):  # some leave it out although there is a next page
            more = token is not None and bool(pieces)
        return Page(pieces, more, token, answer.headers.get("x-taxii-date-added-last"))

    def add(self, body: bytes) -> Reply:
        """Send an envelope. An answer that cannot be read still means that it was accepted."""
        try:
            with _readable(self._collection.url):
                status = self._collection.add_objects(body, wait_for_completion=False)
        except trouble.AnswerWrong:
            return Reply(None, is_complete=True)
        return _reply(status)

    def status(self, status_id: str) -> Reply:
        with _readable(self._root.url):
            return _reply(self._root.get_status(status_id))


def read_members(answer: Answer) -> dict[str, Any]:
    """The members of an answer, of which ``objects`` is left as bytes; null counts as left out.

    Raises:
        NotJson, AnswerWrong.
    """
    with _readable(answer.url):
        members = members_of(answer.body.strip(b" \t\n\r"))
        objects = members.pop("objects", b"null")
        read = {name: msgspec.json.decode(value) for name, value in members.items()}
    if objects != b"null":
        read["objects"] = objects
    return read


def _pieces(answer: Answer, envelope: Mapping[str, Any]) -> list[bytes]:
    """The objects as exact bytes; those broken in themselves are among them, to be refused one by one."""
    if "objects" not in envelope:
        return []
    with _readable(answer.url):
        return split(answer.body)


def _token(said: object) -> str | None:
    """Some send a number, some null when they are done."""
    if isinstance(said, bool) or not isinstance(said, str | int):
        return None
    return str(said)[:_MAX_TOKEN] or None


def _reply(status: Status) -> Reply:
    failures = {}
    for detail in status.failures if isinstance(status.failures, list) else []:
        if isinstance(detail, dict):
            key = (str(detail.get("id")), str(detail.get("version")))
            failures[key] = plain(detail.get("message"), 500)
    return Reply(str(status.id), status.status == "complete", failures)


@contextmanager
def _readable(url: str) -> Iterator[None]:
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


def _check_media_type(answer: Answer) -> None:
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


def _problem(answer: Answer) -> NetError:
    if answer.status in _PROBLEMS:
        return _PROBLEMS[answer.status](answer)
    match answer.status // 100:
        case 3:
            return trouble.Redirected(location=plain(answer.headers.get("location")))
        case 5:
            return trouble.PeerFailed(status=answer.status, words=_words(answer))
    return trouble.RequestRefused(status=answer.status, words=_words(answer))


def _busy(answer: Answer, asked_s: float | None) -> NetError:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or asked_s is not None:
        return trouble.PeerBusy(status=answer.status, wait_s=round(asked_s or 0))
    return trouble.PeerFailed(status=answer.status, words=_words(answer))


def _words(answer: Answer) -> str:
    """What a peer says of its error, short and without anything that a terminal would obey."""
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


def _retry_after_s(answer: Answer, now: datetime) -> float | None:
    """Seconds from now (RFC 9110, section 10.2.3: a number or a date); None where nothing sensible is said."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
