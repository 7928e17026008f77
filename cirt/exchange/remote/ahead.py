"""The next page is on its way while this one is stored."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from cirt.exchange.remote.collections import Page

_MOST_BYTES = 4 * 1024 * 1024  # of a page beside which another one is held


class Pages(Protocol):
    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page: ...


class _Asked(NamedTuple):
    limit: int
    filters: Mapping[str, str]
    token: str | None


class ReadAhead:
    """Pages of a collection. Where a token leads on, the next page is asked for before anybody wants it.

    Nobody else may use the collection's connection meanwhile.
    """

    def __init__(self, pages: Pages, thread: ThreadPoolExecutor) -> None:
        self._pages, self._thread = pages, thread
        self._asked: _Asked | None = None
        self._coming: Future[Page] | None = None

    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page:
        """As the collection answers, or has answered already; what it raises is raised here."""
        asked = _Asked(limit, dict(filters), token)
        page = self._awaited(asked)
        if page.more and page.token and sum(map(len, page.pieces)) <= _MOST_BYTES:
            self._ask(asked._replace(token=page.token))
        return page

    def _awaited(self, asked: _Asked) -> Page:
        coming, self._coming = self._coming, None
        if coming is not None:
            if asked == self._asked:
                return coming.result()
            coming.exception()  # asked in vain; the connection is free when it has ended
        return self._pages.page(**asked._asdict())

    def _ask(self, asked: _Asked) -> None:
        self._asked = asked
        self._coming = self._thread.submit(self._pages.page, **asked._asdict())


@contextmanager
def reading_ahead(pages: Pages) -> Iterator[ReadAhead]:
    """A page that is still under way at the end is waited for and left."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        yield ReadAhead(pages, thread)
