"""How many entries there are, out of a few looks: exact where the list is short, near where it is long."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from cirt.exchange.timing.survey import Ask, Look, Survey, survey

NOW = datetime(2026, 11, 18, tzinfo=UTC)
YEAR = timedelta(days=365)


class Peer:
    """Answers like a server whose entries have these dates."""

    def __init__(self, dates: Sequence[datetime], *, page: int = 1000, token: bool = True) -> None:
        self.dates, self.page, self.token, self.asked = sorted(dates), page, token, 0

    def ask(self, after: datetime | None, token: str | None) -> Look:
        self.asked += 1
        begin = int(token) if token else bisect_right(self.dates, after) if after else 0
        shown = self.dates[begin : begin + self.page]
        end = begin + len(shown)
        more = end < len(self.dates)
        return Look(len(shown), shown, more, str(end) if more and self.token else None)


def look_at(ask: Ask) -> Survey:
    return survey(ask, NOW, walk=10, looks=30)


def spread(count: int, seed: int = 1) -> list[datetime]:
    chance = random.Random(seed)
    return [NOW - chance.random() * 5 * YEAR for _ in range(count)]


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 9_990])
def test_a_short_list_is_counted(count: int, token: bool) -> None:
    dates = spread(count)
    found = look_at(Peer(dates, token=token).ask)

    assert (found.count, found.counted, found.is_exact) == (count, count, True)
    assert found.oldest == (min(dates) if dates else None)


@pytest.mark.parametrize("count", [30_000, 120_000])
def test_a_long_list_is_estimated_within_a_tenth_in_forty_looks(count: int) -> None:
    peer = Peer(spread(count))
    found = look_at(peer.ask)

    assert peer.asked <= 40
    assert not found.is_exact
    assert abs(found.count - count) < count / 10
    recent = sum(1 for each in peer.dates if each > NOW - YEAR)
    assert abs(found.after(NOW - YEAR) - recent) < count / 10


def test_a_bulk_that_was_loaded_in_a_minute_is_found_and_not_spread_over_years() -> None:
    bulk = NOW - 3 * YEAR
    dates = [bulk + timedelta(milliseconds=n) for n in range(60_000)]
    found = look_at(Peer([*dates, *spread(500)]).ask)

    assert 10_000 <= found.counted <= found.count < 300_000
    assert found.after(NOW - YEAR) < 5_000


def test_one_date_for_all_is_followed_by_its_token_and_then_said_to_be_more() -> None:
    found = look_at(Peer([NOW - YEAR] * 12_000).ask)

    assert (found.count, found.counted, found.is_open) == (10_000, 10_000, True)


def test_a_peer_that_ignores_dates_is_not_believed_about_the_rest() -> None:
    peer = Peer(spread(50_000))

    def ask(after: datetime | None, token: str | None) -> Look:
        return peer.ask(None, token)

    found = look_at(ask)

    assert found.is_open
    assert found.counted == 10_000


def test_a_peer_without_dates_and_tokens_is_asked_once() -> None:
    asked = []

    def ask(after: datetime | None, token: str | None) -> Look:
        asked.append(after)
        return Look(100, None, more=True)

    found = look_at(ask)

    assert (len(asked), found.counted, found.is_open) == (1, 100, True)
