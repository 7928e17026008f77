"""How many entries a collection has and from when, out of a few looks at it. Pure: who looks is given.

The first looks follow the list from its beginning. Where it is too long for that, the rest is looked into at single
instants, again and again where most is supposed: what lies between two looks is taken to be as dense as what was seen
before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

_PARTS = 4


@dataclass(frozen=True, slots=True)
class Look:
    """The first entries after an instant; ``dates`` None where the peer gives none that can be read."""

    count: int
    dates: Sequence[datetime] | None
    more: bool
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """``count`` entries after ``begin`` up to ``end``, counted or supposed."""

    begin: datetime
    end: datetime
    count: float
    is_counted: bool

    @property
    def density(self) -> float:
        """A second; what shares one instant is no measure for the time around it."""
        return self.count / max((self.end - self.begin).total_seconds(), 1.0)

    def after(self, at: datetime) -> float:
        """How many of them come after ``at``."""
        if at <= self.begin:
            return self.count
        return 0 if at >= self.end else self.density * (self.end - at).total_seconds()


Ask = Callable[[datetime | None, str | None], Look]


@dataclass(slots=True)
class Survey:
    """``is_open`` says that the peer has more than could be counted or supposed."""

    spans: list[Span] = field(default_factory=list)
    undated: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    is_open: bool = False

    @property
    def counted(self) -> int:
        return self.undated + round(sum(span.count for span in self.spans if span.is_counted))

    @property
    def count(self) -> int:
        return self.undated + round(sum(span.count for span in self.spans))

    @property
    def is_exact(self) -> bool:
        return not self.is_open and all(span.is_counted for span in self.spans)

    def after(self, at: datetime) -> int:
        return round(sum(span.after(at) for span in self.spans))


def survey(ask: Ask, now: datetime, *, walk: int, looks: int) -> Survey:
    """At most ``walk`` looks along the list and ``looks`` at single instants."""
    found = Survey()
    reached = _walk(ask, found, walk)
    if found.is_open and reached is not None and reached < now:
        _sample(ask, found, reached, now, looks)
    return found


def _walk(ask: Ask, found: Survey, walk: int) -> datetime | None:
    """The date up to which all are counted; None where there are no dates."""
    after: datetime | None = None
    token: str | None = None
    for _ in range(walk):
        look = ask(after, token)
        if not look.dates:
            found.undated += look.count
        else:
            _note(found, look.dates)
            begin = found.newest or look.dates[0]
            found.newest = max(look.dates)
            found.spans.append(Span(begin, found.newest, look.count, is_counted=True))
        found.is_open = look.more
        if not look.more:
            break
        stuck = not look.dates or found.newest == after
        if look.token is None and stuck:
            break
        after, token = (after, look.token) if look.token else (found.newest, None)
    has_no_spread = found.undated or found.oldest == found.newest
    return None if has_no_spread else found.newest


def _note(found: Survey, dates: Sequence[datetime]) -> None:
    first = min(dates)
    found.oldest = first if found.oldest is None else min(found.oldest, first)


def _sample(ask: Ask, found: Survey, begin: datetime, end: datetime, looks: int) -> None:
    step = (end - begin) / _PARTS
    supposed = found.spans[-1].density if found.spans else 0.0
    for number in range(_PARTS):
        part = begin + number * step
        if number and not _look_at(ask, found, part, part + step):
            return  # it does not go by dates; what was walked is all that is known
        if not number:
            found.spans.append(_guess(part, part + step, supposed))
    for _ in range(looks - _PARTS + 1):
        guesses = [span for span in found.spans if not span.is_counted]
        if not guesses:
            break
        most = max(guesses, key=lambda span: span.count)
        middle = most.begin + (most.end - most.begin) / 2
        if most.count < 1 or not most.begin < middle < most.end:
            break
        found.spans.remove(most)
        found.spans.append(_guess(most.begin, middle, most.density))
        if not _look_at(ask, found, middle, most.end):
            return
    found.is_open = False


def _guess(begin: datetime, end: datetime, density: float) -> Span:
    return Span(begin, end, density * (end - begin).total_seconds(), is_counted=False)


def _look_at(ask: Ask, found: Survey, begin: datetime, end: datetime) -> bool:
    """Count what one look shows of a span, suppose the rest; False where the peer shows what is earlier."""
    look = ask(begin, None)
    dates = sorted(look.dates or ())
    if (look.count and not dates) or (dates and dates[0] < begin):
        return False
    if dates:
        found.newest = max(found.newest or dates[-1], dates[-1])
    if not look.more or (dates and dates[-1] >= end):
        within = sum(1 for each in dates if each <= end)
        found.spans.append(Span(begin, end, within, is_counted=True))
        return True
    seen = Span(begin, dates[-1], len(dates), is_counted=True) if dates else None
    if seen is None:
        found.spans.append(Span(begin, end, 0, is_counted=True))
        return True
    found.spans += [seen, _guess(seen.end, end, seen.density)]
    return True
