"""A collection of a million objects, in turn with one of a hundred thousand."""

import statistics
from collections.abc import Callable
from itertools import count

from tests.bench.measure import Goal, emit, spread
from tests.bench.site import FIRST, Site, match_paths, object_paths, poll_path, walked
from tests.bench.windows import (
    CONNECTIONS,
    MANY,
    WARM_UPS,
    Poster,
    Size,
    Window,
    ask,
    in_turn,
)

_READ, _WRITTEN = Goal(1.25, 1.1), Goal(2.0, 1.3)
_PATHS: dict[str, tuple[Callable[[Site], list[str]], int]] = {
    "page": (lambda _: [FIRST], CONNECTIONS),
    "deep": (lambda here: [walked(here.target).deep], CONNECTIONS),
    "poll": (lambda here: [poll_path(here.target)], MANY),
    "match": (lambda here: match_paths(here.ids), MANY),
    "object": (lambda here: object_paths(here.ids), MANY),
}


def compare(small: Site, big: Site, measures: tuple[str, ...], size: Size) -> None:
    """Whether what is asked of the big one takes longer."""
    for name in measures:
        if name in _PATHS:
            _report(big, name, _READ, _reads(small, big, name, size))
        elif name == "post":
            _report(big, name, _WRITTEN, _posts(small, big, size))


def _reads(small: Site, big: Site, name: str, size: Size) -> tuple[list[Window], list[Window]]:
    paths_of, connections = _PATHS[name]
    few, many = paths_of(small), paths_of(big)
    return in_turn(
        lambda: ask(small, few, connections, size), lambda: ask(big, many, connections, size), size
    )


def _posts(small: Site, big: Site, size: Size) -> tuple[list[Window], list[Window]]:
    seeds = count(100)
    for here in (small, big):
        Poster(here, WARM_UPS, next(seeds)).turn()
    return in_turn(
        lambda: Poster(small, size.posts, next(seeds)).turn(),
        lambda: Poster(big, size.posts, next(seeds)).turn(),
        size,
    )


def _report(big: Site, name: str, goal: Goal, windows: tuple[list[Window], list[Window]]) -> None:
    pairs = list(zip(*windows, strict=True))
    times = [few.per_s / many.per_s for few, many in pairs]
    emit(
        f"taxii_{name}_million_times",
        big.backend,
        statistics.median(times),
        "times",
        goal,
        **spread(times),
        cpu_times=round(
            statistics.median(many.all_cpu_ms / few.all_cpu_ms for few, many in pairs), 3
        ),
        per_s=round(statistics.median(many.per_s for _, many in pairs), 1),
    )
