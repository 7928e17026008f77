"""The next page is on its way while this one is stored, and of a long walk another process reads it meanwhile."""

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple, Protocol

from cirt.exchange.remote.collections import Page
from cirt.objects.apart import Apart, ProcessGone

log = logging.getLogger("cirt.sync")

_MOST_BYTES = 4 * 1024 * 1024  # of a page beside which another one is held
_LONG = 3  # pages from which on it pays to start another process
_MANY = 200  # objects of a page that are worth the way there and back


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

    def __init__(
        self, pages: Pages, thread: ThreadPoolExecutor, prepare: Callable[[Page], Page]
    ) -> None:
        self._pages, self._thread, self._prepare = pages, thread, prepare
        self._asked: _Asked | None = None
        self._coming: Future[Page] | None = None

    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page:
        """As the collection answers, or has answered already; what it raises is raised here."""
        asked = _Asked(limit, dict(filters), token)
        page = self._awaited(asked)
        if page.more and page.token and _is_small(page):
            self._ask(asked._replace(token=page.token))
        return page

    def _awaited(self, asked: _Asked) -> Page:
        coming, self._coming = self._coming, None
        if coming is not None:
            if asked == self._asked:
                try:
                    return coming.result()
                finally:
                    del coming  # its traceback leads back here, and keeps an answer
            coming.exception()  # asked in vain; the connection is free when it has ended
        return self._pages.page(**asked._asdict())

    def _ask(self, asked: _Asked) -> None:
        self._asked = asked
        self._coming = self._thread.submit(self._ahead, asked)

    def _ahead(self, asked: _Asked) -> Page:
        return self._prepare(self._pages.page(**asked._asdict()))


class _Elsewhere:
    """Has the pages of a long walk read by another process, until ``ends`` is left."""

    def __init__(self, ends: ExitStack) -> None:
        self._ends = ends
        self._count = 0
        self._apart: Apart | None = None
        self._is_gone = False

    def __call__(self, page: Page) -> Page:
        self._count += 1
        is_worth_it = self._count >= _LONG and len(page.pieces) >= _MANY and _is_small(page)
        if self._is_gone or not is_worth_it:
            return page
        try:
            if self._apart is None:
                self._apart = self._ends.enter_context(Apart())
            return replace(page, read=self._apart.read_all(page.pieces))
        except (ProcessGone, OSError):
            log.warning("sync.apart", exc_info=True)
            self._is_gone = True  # whoever stores the page reads it
            return page


def _is_small(page: Page) -> bool:
    return sum(map(len, page.pieces)) <= _MOST_BYTES


def _as_it_is(page: Page) -> Page:
    return page


@contextmanager
def reading_ahead(pages: Pages, *, apart: bool = False) -> Iterator[ReadAhead]:
    """A page that is still under way at the end is waited for and left. ``apart`` lets another process read."""
    with ExitStack() as ends, ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        yield ReadAhead(pages, thread, _Elsewhere(ends) if apart else _as_it_is)
