"""A small chart of the last days of a line, drawn on the server; the figures stand beside it for who cannot see it."""

from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from cirt.exchange.watching.days import TREND_DAYS
from cirt.exchange.watching.models import LineDay

_WIDE, _HIGH, _BAR = 120, 20, 4


def trend(days: Sequence[LineDay], today: date, words: str) -> Markup:
    """One bar a day of what was taken, in the other colour where runs failed; ``words`` tell the same."""
    found = {row.day: row for row in days}
    shown = [found.get(today - timedelta(days=ago)) for ago in range(TREND_DAYS - 1, -1, -1)]
    most = max((row.taken for row in shown if row), default=0) or 1
    bars = Markup("").join(
        _bar(place * _BAR, row, most) for place, row in enumerate(shown) if row is not None
    )
    return Markup(
        '<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{words}">{bars}</svg>'
    ).format(w=_WIDE, h=_HIGH, words=words, bars=bars)


def _bar(x: int, row: LineDay, most: int) -> Markup:
    high = max(1.5, row.taken / most * _HIGH)
    style = "f2" if row.failed else "f1"
    return Markup('<rect class="{}" x="{}" y="{:.1f}" width="3" height="{:.1f}"/>').format(
        style, x, _HIGH - high, high
    )
