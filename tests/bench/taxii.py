"""Reading and writing over TAXII: pages, polls, single objects and POSTs, with the floor of the machine beside.

What is compared runs in turn (one, other, other, one), so that whatever else the machine does meets both. CPU
time is that of the whole process tree of ``cirt up``; PostgreSQL's own is named apart.
"""

import os
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from requests.utils import default_headers

from tests.bench.filling import FRIEND, PASSWORD
from tests.bench.floor import floor
from tests.bench.foreign import beside
from tests.bench.measure import Goal, emit, spread, tree_pss_mib
from tests.bench.million import compare
from tests.bench.site import (
    FIRST,
    WORKERS,
    Server,
    Site,
    Target,
    match_paths,
    object_paths,
    only_first_page,
    poll_path,
    site,
    walked,
)
from tests.bench.walk import PAGE, walk_s
from tests.bench.windows import (
    BATCH,
    CONNECTIONS,
    MANY,
    QUICK,
    THOROUGH,
    WARM_UPS,
    Poster,
    Size,
    Window,
    ask,
    in_turn,
)
from tests.support.databases import BACKENDS, Databases

MEASURES = ("memory", "page", "deep", "walk", "poll", "match", "object", "post", "medallion")
OBJECTS, MILLION = 100_000, 1_000_000

GOALS = {
    ("page_cpu_times_floor", "sqlite"): Goal(4, 2),
    ("page_rate_of_floor", "sqlite"): Goal(0.2, 0.5),
    ("page", "postgresql"): Goal(150_000, 300_000),
    ("deep_time_times_first", "sqlite"): Goal(1.2, 1.05),
    ("walk_time_times_floor", "sqlite"): Goal(1.5, 1.2),
    ("poll", "sqlite"): Goal(2000, 4000),
    ("match", "sqlite"): Goal(1000, 2000),
    ("object", "sqlite"): Goal(1000, 2000),
    ("post", "sqlite"): Goal(8000, 15_000),
    ("post", "postgresql"): Goal(6000, 10_000),
    ("memory_idle", "sqlite"): Goal(200, 130),
    ("memory_loaded", "sqlite"): Goal(350, 220),
}


def run(
    databases: Databases,
    backend: str,
    place: Path,
    *,
    measures: tuple[str, ...] = MEASURES,
    size: Size = THOROUGH,
    million: bool = False,
) -> None:
    emit("load_average", backend, os.getloadavg()[0], "processes", cpus=os.cpu_count())
    with site(databases, backend, place / "taxii", OBJECTS) as here:
        with _memory(here, is_wanted="memory" in measures):
            warm_up(here)
            for name in measures:
                if name in _STEPS:
                    _STEPS[name](here, size)
        if "medallion" in measures and backend == BACKENDS[0]:  # its own is in memory either way
            beside(here, place / "medallion", measures)
        if million:
            with site(databases, backend, place / "million", MILLION) as big:
                warm_up(big)
                compare(here, big, measures, size)


def warm_up(here: Site) -> None:
    """Every process has checked the password once."""
    ask(here, [FIRST], MANY, QUICK)


@contextmanager
def _memory(here: Site, *, is_wanted: bool) -> Iterator[None]:
    """Idle at first, and the most of what a look every half second finds while the block runs."""
    if not is_wanted:
        yield
        return
    _emit(here, "memory_idle", tree_pss_mib(here.pid), "MiB PSS")
    peak, stop = [0.0], threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            peak[0] = max(peak[0], tree_pss_mib(here.pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
    _emit(here, "memory_loaded", peak[0], "MiB PSS", after=tree_pss_mib(here.pid))


def _page(here: Site, size: Size) -> None:
    with floor(only_first_page(here.target), here.data_dir, here.data_dir, WORKERS) as (port, pid):
        free = Server(Target(port, here.target.path), pid, None)
        below, ours = in_turn(
            lambda: ask(free, [FIRST], CONNECTIONS, size),
            lambda: ask(here, [FIRST], CONNECTIONS, size),
            size,
        )
    _emit_windows(here, "page", ours, "objects/s", PAGE, connections=CONNECTIONS)
    _emit_windows(here, "page_floor", below, "objects/s", PAGE, connections=CONNECTIONS)
    pairs = list(zip(ours, below, strict=True))
    _emit_all(here, "page_cpu_times_floor", [a.cpu_ms / b.cpu_ms for a, b in pairs], "times")
    _emit_all(here, "page_rate_of_floor", [a.per_s / b.per_s for a, b in pairs], "of it")


def _deep(here: Site, size: Size) -> None:
    """On one connection, so that time is the server's and not that of a queue."""
    deep = walked(here.target).deep
    first, far = in_turn(
        lambda: ask(here, [FIRST], 1, size), lambda: ask(here, [deep], 1, size), size
    )
    pairs = list(zip(far, first, strict=True))
    _emit_all(
        here,
        "deep_time_times_first",
        [a.median_ms / b.median_ms for a, b in pairs],
        "times",
        cpu_times=round(statistics.median(a.cpu_ms / b.cpu_ms for a, b in pairs), 3),
        first_ms=round(statistics.median(one.median_ms for one in first), 2),
    )


def _walk(here: Site, size: Size) -> None:
    """The pages in memory are those that this client gets, compressed as it asks for."""
    encoding = str(default_headers()["Accept-Encoding"])
    pages = walked(here.target, {"Accept-Encoding": encoding}).answers
    with floor(pages, here.data_dir, here.data_dir, WORKERS) as (port, _pid):
        free = Target(port, here.target.path)
        below, ours = in_turn(
            lambda: walk_s(free.url, FRIEND, PASSWORD, here.objects),
            lambda: walk_s(here.target.url, FRIEND, PASSWORD, here.objects),
            size,
        )
    times = [a / b for a, b in zip(ours, below, strict=True)]
    _emit_all(
        here, "walk_time_times_floor", times, "times", seconds=round(statistics.median(ours), 2)
    )


def _poll(here: Site, size: Size) -> None:
    _alone(here, "poll", [poll_path(here.target)], size)


def _match(here: Site, size: Size) -> None:
    _alone(here, "match", match_paths(here.ids), size)


def _object(here: Site, size: Size) -> None:
    _alone(here, "object", object_paths(here.ids), size)


def _post(here: Site, size: Size) -> None:
    Poster(here, WARM_UPS, seed=3).turn()
    posters = [
        Poster(here, size.posts, seed=10 + number).turn() for number in range(size.rounds * 2)
    ]
    _emit_windows(here, "post", posters, "objects/s", BATCH)


_STEPS: dict[str, Callable[[Site, Size], None]] = {
    "page": _page,
    "deep": _deep,
    "walk": _walk,
    "poll": _poll,
    "match": _match,
    "object": _object,
    "post": _post,
}


def _alone(here: Site, name: str, paths: list[str], size: Size) -> None:
    windows = [ask(here, paths, MANY, size) for _ in range(size.rounds * 2)]
    _emit_windows(here, name, windows, "requests/s", 1, connections=MANY)


def _emit(here: Site, name: str, value: float, unit: str, **more: object) -> None:
    emit(f"taxii_{name}", here.backend, value, unit, GOALS.get((name, here.backend)), **more)


def _emit_all(here: Site, name: str, values: list[float], unit: str, **more: object) -> None:
    _emit(here, name, statistics.median(values), unit, **spread(values), **more)


def _emit_windows(
    here: Site, name: str, windows: list[Window], unit: str, each: int, **more: object
) -> None:
    """``each``: how many of ``unit`` one request brings."""
    costs = {
        "median_ms": round(statistics.median(one.median_ms for one in windows), 2),
        "cpu_ms": round(statistics.median(one.cpu_ms for one in windows), 3),
    }
    if here.postgres_pid:
        costs["postgres_cpu_ms"] = round(statistics.median(one.postgres_ms for one in windows), 3)
    _emit_all(here, name, [one.per_s * each for one in windows], unit, **costs, **more)
