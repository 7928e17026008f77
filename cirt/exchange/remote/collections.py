"""The collections of a peer: found, read page by page, written to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote, urljoin

from taxii2client.v21 import Collection

from cirt.exchange import trouble
from cirt.exchange.remote.answers import pieces_of, plain, readable
from cirt.exchange.remote.connection import Access, Connection, lightened
from cirt.exchange.remote.records import read_record
from cirt.kernel.clock import Clock
from cirt.kernel.net_errors import NetError
from cirt.kernel.reaching import Limits
from cirt.objects.codec import Read

_MAX_ROOTS = 20
_MAX_TOKEN = 10_000
_MAX_STATUS_ID = 64
_DEFAULT_CONTENT_LENGTH = 1024 * 1024
_LEAST_CONTENT_LENGTH = 4096  # in less there is no room for one object; then it is not meant
_UNREAD = (
    trouble.AnswerWrong,
    trouble.NotJson,
    trouble.ContentTypeWrong,
    trouble.PageTooLong,
    trouble.DocumentTooLarge,
)
_OF_ALL_ROOTS = (trouble.SignInRefused, trouble.PeerBusy, trouble.RunTooLong)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the objects endpoint, its objects as exact bytes."""

    pieces: list[bytes]
    more: bool
    token: str | None
    last_added: str | None  # X-TAXII-Date-Added-Last, as sent
    read: list[Read] | None = None  # the pieces, where somebody has read them already


@dataclass(frozen=True, slots=True)
class Refused:
    """What a peer did not take; its ``version`` may be left out or be anything."""

    stix_id: str
    version: object
    words: str


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """One answer of the manifest endpoint, entries without an id left out.

    ``entries`` are (id, version) and ``added`` when each was added, as sent.
    """

    entries: list[tuple[str, str]]
    added: list[str | None]
    more: bool
    token: str | None
    last_added: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer says of what we sent. ``status_id`` is under what it may be asked again."""

    status_id: str | None
    is_complete: bool
    refusals: tuple[Refused, ...] = ()

    def refusal_of(self, stix_id: str, version_text: str) -> str | None:
        """The peer's words, where it did not take this version; versions are instants, however written."""
        for one in self.refusals:
            if one.stix_id == stix_id and _is_same(one.version, version_text):
                return one.words
        return None


def _is_same(said: object, version_text: str) -> bool:
    if not isinstance(said, str) or said == version_text:
        return True
    try:
        return datetime.fromisoformat(said) == datetime.fromisoformat(version_text)
    except (ValueError, TypeError):  # nonsense, or a time without its zone
        return True


class Remote:
    """One session with one peer."""

    def __init__(
        self,
        access: Access,
        clock: Clock,
        limits: Limits | None = None,
        time: timedelta | None = None,
    ) -> None:
        self._url = access.url
        self._connection = Connection(access, clock, limits, time)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        self._connection.close()
        if isinstance(error, NetError):
            lightened(error)

    @property
    def traffic(self) -> int:
        """Bytes that went over the wire so far, both ways: bodies as they were sent, and headers."""
        return self._connection.traffic

    def find(self, name: str) -> "RemoteCollection":
        """The collection with this id or alias, over every API root of the peer.

        A root that is out of order hides none of another; what is wrong with it is said if nothing is found.

        Raises:
            CollectionMissing: the peer shows none to us.
            NetError: the peer cannot be asked.
        """
        seen: list[str] = []
        broken: NetError | None = None
        for url in self._roots():
            try:
                shown = self._shown(url)
            except NetError as error:
                if error.retry or isinstance(error, _OF_ALL_ROOTS):
                    raise
                broken = broken or lightened(error)
                continue
            for one in shown:
                if name in (one.get("id"), one.get("alias")):
                    return self._collection(url, one)
                seen.append(plain(one.get("alias") or one.get("id"), 60))
        if broken is not None:
            raise broken
        raise trouble.CollectionMissing(name=name, seen=", ".join(seen[:10]) or "-")

    def _shown(self, root: str) -> list[dict[str, Any]]:
        url = f"{root}collections/"
        shown = self._connection.get(url).get("collections")
        if shown is None:
            return []
        if not isinstance(shown, list):
            raise trouble.AnswerWrong(url=url, problem="its collections are not a list")
        return [one for one in shown if isinstance(one, dict) and isinstance(one.get("id"), str)]

    def _collection(self, root: str, said: Mapping[str, Any]) -> "RemoteCollection":
        """What a peer leaves out of a description is not looked for; whether we may, it says when we ask."""
        facts: dict[str, Any] = {"title": "-", "can_read": True, "can_write": False}
        facts |= {name: value for name, value in said.items() if value is not None}
        url = f"{root}collections/{quote(facts['id'], safe='')}/"
        with readable(url):
            found = Collection(url, conn=self._connection, collection_info=facts)
        return RemoteCollection(root, found, self._connection)

    def _roots(self) -> list[str]:
        """The API roots, the default one first; the address set for the peer may itself be a root."""
        found = self._connection.get(self._url)
        if "api_roots" not in found and "versions" in found:
            return [_slashed(self._url)]
        named = found.get("api_roots")
        if not isinstance(named, list) or not all(isinstance(root, str) for root in named):
            raise trouble.AnswerWrong(url=self._url, problem="it names no API roots")
        default = [found["default"]] if found.get("default") in named else []
        with readable(self._url):
            every = dict.fromkeys(_slashed(urljoin(self._url, root)) for root in [*default, *named])
        return list(every)[:_MAX_ROOTS]


def _slashed(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


class RemoteCollection:
    """A collection of a peer that we read or write."""

    def __init__(self, root: str, collection: Collection, connection: Connection) -> None:
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
            said = self._connection.get(self._root).get("max_content_length")
        except (trouble.AnswerWrong, trouble.NotJson, trouble.ContentTypeWrong, trouble.NotThere):
            return _DEFAULT_CONTENT_LENGTH
        if not isinstance(said, int) or said < _LEAST_CONTENT_LENGTH:
            return _DEFAULT_CONTENT_LENGTH
        return said

    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page:
        """One page of objects; ``filters`` are added_after, type and version, the same for a whole walk."""
        query = {**filters, "limit": limit, **({"next": token} if token else {})}
        with readable(self._collection.url):
            envelope = self._collection.get_objects(**query)
        answer = self._connection.last
        if answer is None:
            raise AssertionError("there is an answer by now")
        pieces = pieces_of(answer, envelope)
        token, more = _way_on(envelope, has_pieces=bool(pieces))
        return Page(pieces, more, token, answer.headers.get("x-taxii-date-added-last"))

    def manifest(
        self, *, limit: int, filters: Mapping[str, str], token: str | None
    ) -> ManifestPage:
        """One page of what it holds, without the objects (TAXII 2.1, section 5.3)."""
        query = {**filters, "limit": limit, **({"next": token} if token else {})}
        with readable(self._collection.url):
            found = self._collection.get_manifest(**query)
        answer = self._connection.last
        if answer is None:
            raise AssertionError("there is an answer by now")
        pieces = pieces_of(answer, found)
        with readable(answer.url):
            records = [read_record(piece) for piece in pieces]
        named = [one for one in records if one is not None]
        added = [one.date_added for one in named]
        token, more = _way_on(found, has_pieces=bool(pieces))
        dated = [one for one in added if one is not None]
        last = answer.headers.get("x-taxii-date-added-last") or (dated[-1] if dated else None)
        entries = [(one.id, one.version) for one in named]
        return ManifestPage(entries, added, more, token, last)

    def add(self, body: bytes, again: Callable[[], bool]) -> Reply:
        """Send an envelope. An answer that cannot be read still means that it was accepted.

        ``again`` says, before it is sent once more, whether it may still go.
        """
        try:
            said = self._connection.post(self._collection.objects_url, data=body, again=again)
        except _UNREAD:
            return Reply(None, is_complete=True)
        return _reply(said)

    def status(self, status_id: str) -> Reply:
        """What has become of it by now. A peer that knows nothing of it any more has no more to say.

        Raises:
            NetError: it cannot be asked now.
        """
        try:
            said = self._connection.get(f"{self._root}status/{quote(status_id, safe='')}/")
        except trouble.NotThere:
            return Reply(None, is_complete=True)
        return _reply(said)


def _way_on(said: Mapping[str, object], *, has_pieces: bool) -> tuple[str | None, bool]:
    """The token of the next page, and whether there is one; some leave ``more`` out although there is."""
    token, more = _token(said.get("next")), said.get("more")
    return token, more if isinstance(more, bool) else token is not None and has_pieces


def _token(said: object) -> str | None:
    """Some send a number, some null when they are done; one that fits in no address is none."""
    if isinstance(said, bool) or not isinstance(said, str | int):
        return None
    token = str(said)
    return token if 0 < len(token) <= _MAX_TOKEN else None


def _reply(said: Mapping[str, Any]) -> Reply:
    """Read leniently: a failure counts though the sums beside it do not add up (TAXII 2.1, section 4.3)."""
    listed = said.get("failures")
    refusals = tuple(
        Refused(str(one.get("id")), one.get("version"), plain(one.get("message"), 500) or "-")
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    )
    status_id = said.get("id")
    if not isinstance(status_id, str) or not 0 < len(status_id) <= _MAX_STATUS_ID:
        status_id = None
    return Reply(status_id, said.get("status") != "pending" or status_id is None, refusals)
