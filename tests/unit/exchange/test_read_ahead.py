"""Pages read ahead are those that would have been read one after the other."""

import os
import signal
import threading
from collections.abc import Mapping, Sequence

import pytest

from cirt.exchange.remote import ahead
from cirt.exchange.remote.ahead import ReadAhead, reading_ahead
from cirt.exchange.remote.collections import Page
from cirt.exchange.trouble import RequestRefused
from cirt.objects.apart import Apart
from cirt.objects.codec import Read, read_all
from tests.support.stix import an_indicator


class Collection:
    """Answers what it is made for, and keeps what it was asked for."""

    def __init__(self, pages: Mapping[str | None, Page]) -> None:
        self.pages = pages
        self.asked: list[tuple[str | None, Mapping[str, str]]] = []
        self.was_asked = threading.Semaphore(0)

    def page(self, *, limit: int, filters: Mapping[str, str], token: str | None) -> Page:
        self.asked.append((token, dict(filters)))
        self.was_asked.release()
        if token not in self.pages:
            raise RequestRefused(status=400, words="-")
        return self.pages[token]


def a_page(text: bytes, token: str | None = None, *, more: bool | None = None) -> Page:
    return Page([text], token is not None if more is None else more, token, None)


THREE = {None: a_page(b"1", "a"), "a": a_page(b"2", "b"), "b": a_page(b"3")}


def read(pages: ReadAhead, token: str | None, **filters: str) -> Page:
    return pages.page(limit=1, filters=filters, token=token)


def test_each_page_is_asked_for_once_and_before_it_is_wanted() -> None:
    collection = Collection(THREE)
    with reading_ahead(collection) as pages:
        first = read(pages, None)
        collection.was_asked.acquire()
        assert collection.was_asked.acquire(timeout=30)  # nobody has asked for the second one yet
        found = [first, read(pages, "a"), read(pages, "b")]

    assert found == list(THREE.values())
    assert [token for token, _ in collection.asked] == [None, "a", "b"]


def test_what_goes_wrong_ahead_is_raised_where_the_page_is_wanted() -> None:
    collection = Collection({None: a_page(b"1", "expired")})
    with reading_ahead(collection) as pages:
        read(pages, None)
        with pytest.raises(RequestRefused):
            read(pages, "expired")


def test_a_walk_that_goes_another_way_gets_what_it_asks_for() -> None:
    collection = Collection({**THREE, "other": a_page(b"9")})
    with reading_ahead(collection) as pages:
        read(pages, None)

        assert read(pages, "other") == a_page(b"9")
        assert read(pages, None, added_after="2026") == THREE[None]
    assert collection.asked[2:4] == [("other", {}), (None, {"added_after": "2026"})]


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(a_page(b"1"), id="the-last"),
        pytest.param(a_page(b"1", "a", more=False), id="no-more-follows"),
        pytest.param(a_page(b"1", more=True), id="no-token"),
        pytest.param(a_page(b"x" * 5_000_000, "a"), id="large"),
    ],
)
def test_nothing_is_asked_for_after_the_last_a_large_one_or_without_a_token(last: Page) -> None:
    collection = Collection({None: last, "a": a_page(b"2")})
    with reading_ahead(collection) as pages:
        read(pages, None)

    assert len(collection.asked) == 1


class KilledAtOnce(Apart):
    def read_all(self, pieces: Sequence[bytes]) -> list[Read]:
        os.kill(self.pid, signal.SIGKILL)
        return super().read_all(pieces)


LONG: Mapping[str | None, Page] = {
    (str(n) if n else None): Page(
        [an_indicator(name=f"{n} {number}") for number in range(200)], n < 5, str(n + 1), None
    )
    for n in range(6)
}


def test_of_a_long_walk_another_process_reads_the_later_pages() -> None:
    with reading_ahead(Collection(LONG), apart=True) as pages:
        found = [read(pages, token) for token in LONG]

    assert [page.pieces for page in found] == [page.pieces for page in LONG.values()]
    assert [page.read is not None for page in found] == [False, False, False, True, True, True]
    assert all(page.read in (None, read_all(page.pieces)) for page in found)


def test_where_the_other_process_ends_the_walk_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "Apart", KilledAtOnce)
    with reading_ahead(Collection(LONG), apart=True) as pages:
        found = [read(pages, token) for token in LONG]

    assert found == list(LONG.values())
