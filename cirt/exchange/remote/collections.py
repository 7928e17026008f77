"""The collections of a peer: found, read page by page, written to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin

import msgspec
from taxii2client.v21 import ApiRoot, Collection, Status

from cirt.exchange import trouble
from cirt.exchange.remote.answers import pieces_of, plain, readable
from cirt.exchange.remote.connection import Access, Connection
from cirt.kernel.clock import Clock
from cirt.kernel.net import Limits, NetError

_MAX_ROOTS = 20
_MAX_TOKEN = 10_000
_DEFAULT_CONTENT_LENGTH = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the objects endpoint, its objects as exact bytes."""

    pieces: list[bytes]
    more: bool
    token: str | None
    last_added: str | None  # X-TAXII-Date-Added-Last, as sent


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
    """What a peer says of what we sent; ``failures`` maps (id, version) to the peer's words."""

    status_id: str | None
    is_complete: bool
    failures: dict[tuple[str, str], str] = field(default_factory=dict)


class Remote:
    """One session with one peer."""

    def __init__(self, access: Access, clock: Clock, limits: Limits | None = None) -> None:
        self._url = access.url
        self._connection = Connection(access, clock, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def traffic(self) -> int:
        """Bytes that went over the wire so far, both ways: bodies as they were sent, and headers."""
        return self._connection.traffic

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
                with readable(url):
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
            with readable(self._root.url):
                said = self._root.max_content_length
        except trouble.AnswerWrong:
            return _DEFAULT_CONTENT_LENGTH
        return said if isinstance(said, int) and said > 0 else _DEFAULT_CONTENT_LENGTH

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
            records = [msgspec.json.decode(piece) for piece in pieces]
        named = [one for one in records if isinstance(one, dict) and isinstance(one.get("id"), str)]
        dates = [one.get("date_added") for one in named]
        added = [date if isinstance(date, str) else None for date in dates]
        token, more = _way_on(found, has_pieces=bool(pieces))
        dated = [one for one in added if one is not None]
        last = answer.headers.get("x-taxii-date-added-last") or (dated[-1] if dated else None)
        entries = [(one["id"][:300], plain(one.get("version"), 40)) for one in named]
        return ManifestPage(entries, added, more, token, last)

    def add(self, body: bytes) -> Reply:
        """Send an envelope. An answer that cannot be read still means that it was accepted."""
        try:
            with readable(self._collection.url):
                status = self._collection.add_objects(body, wait_for_completion=False)
        except trouble.AnswerWrong:
            return Reply(None, is_complete=True)
        return _reply(status)

    def status(self, status_id: str) -> Reply:
        with readable(self._root.url):
            return _reply(self._root.get_status(status_id))


def _way_on(said: Mapping[str, object], *, has_pieces: bool) -> tuple[str | None, bool]:
    """The token of the next page, and whether there is one; some leave ``more`` out although there is."""
    token, more = _token(said.get("next")), said.get("more")
    return token, more if isinstance(more, bool) else token is not None and has_pieces


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
