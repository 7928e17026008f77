"""Walks over a peer's manifest, page by page and within bounds."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cirt.exchange import trouble
from cirt.exchange.complete.comparing import Entry
from cirt.exchange.dates import format_added, parse_added
from cirt.exchange.links.filtering import asked_types, is_carried
from cirt.exchange.remote.collections import ManifestPage, RemoteCollection

_PAGE = 1000
_MOST_PAGES = 2000
_MOST_ENTRIES = 500_000


@dataclass(slots=True)
class ManifestWalk:
    """``limited_by`` says after the walk what ended it early; empty where it came to its end."""

    collection: RemoteCollection
    since: str | None  # added_after of the first request, as the link has it
    types: Sequence[str] | None  # those that the link carries
    check: Callable[[], None]  # asked before every page
    limited_by: str = ""
    _filters: dict[str, str] = field(default_factory=dict)
    _token: str | None = None
    _seen: set[bytes] = field(default_factory=set)
    _pages: set[bytes] = field(default_factory=set)  # digests, as of entries

    def pages(self) -> Iterator[list[Entry]]:
        """Each entry once, however often the peer names it.

        Raises:
            NoProgress: the peer leads in a circle.
            ShareUsed, NetError: it cannot be asked.
        """
        self._filters = {"version": "all"}
        if self.since:
            self._filters["added_after"] = self.since
        if types := asked_types(self.types):
            self._filters["type"] = types
        while True:
            self.check()
            page = self._ask()
            entries = [Entry(*each) for each in page.entries]
            yield self._fresh(entries)
            if not page.more:
                return
            self._note(entries)
            if len(self._pages) >= _MOST_PAGES or len(self._seen) >= _MOST_ENTRIES:
                self.limited_by = f"{len(self._pages)} pages, {len(self._seen)} objects"
                return
            self._go_on(page)

    def _ask(self) -> ManifestPage:
        try:
            return self._page()
        except (trouble.RequestRefused, trouble.NotThere, trouble.PeerFailed):
            if self._pages or "version" not in self._filters:
                raise
            del self._filters["version"]  # some servers know the newest versions only
        return self._page()

    def _page(self) -> ManifestPage:
        return self.collection.manifest(limit=_PAGE, filters=self._filters, token=self._token)

    def _fresh(self, entries: list[Entry]) -> list[Entry]:
        found = []
        for entry in entries:
            digest = hashlib.blake2b(repr(entry).encode(), digest_size=16).digest()
            if digest not in self._seen and is_carried(entry.stix_id, self.types):
                found.append(entry)
            self._seen.add(digest)
        return found

    def _note(self, entries: list[Entry]) -> None:
        digest = hashlib.sha256(repr(entries).encode()).digest()
        if digest in self._pages:
            raise trouble.NoProgress(problem="it sent the same page of its manifest twice")
        self._pages.add(digest)

    def _go_on(self, page: ManifestPage) -> None:
        """By its token; where it gives none, by the last date, which others may share."""
        if page.token is not None:
            self._token = page.token
            return
        last, before = parse_added(page.last_added), parse_added(self._filters.get("added_after"))
        if last is None or (before is not None and last <= before):
            raise trouble.NoProgress(problem="its manifest gives neither a token nor later dates")
        after = last - timedelta(microseconds=1)
        self._filters["added_after"] = format_added(last if after == before else after)
        self._token = None
