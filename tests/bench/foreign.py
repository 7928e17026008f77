"""medallion, another TAXII 2.1 server, beside ours: in memory, with few objects, for with more it takes seconds."""

import json
import logging
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.filling import indicators
from tests.bench.floor import wait_for_port
from tests.bench.measure import emit
from tests.bench.site import (
    FIRST,
    MEDIA,
    Server,
    Site,
    Target,
    match_paths,
    object_paths,
    poll_path,
)
from tests.bench.windows import MANY, Poster, Size, Window, ask, in_turn
from tests.support.processes import free_port

OBJECTS = 1000
_COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
_USER, _PASSWORD = "us", "our password"
_ADDED = "2026-01-01T00:00:00.000001Z"
_POLL = f"objects/?added_after={_ADDED}&limit=1000"
_SEEDS = count(1000)
_TURN = Size(rounds=1, turn_s=1.0, posts=1)


def beside(here: Site, place: Path, measures: tuple[str, ...]) -> None:
    """Ours has many times the objects. One connection for pages, of which it gives few a minute."""
    with _medallion(place) as (theirs, ids):
        paths = {
            "page": ([FIRST], [FIRST], 1),
            "poll": ([_POLL], [poll_path(here.target)], MANY),
            "match": (match_paths(ids), match_paths(here.ids), MANY),
            "object": (object_paths(ids), object_paths(here.ids), MANY),
        }
        for name in measures:
            if name in paths:
                their_paths, our_paths, connections = paths[name]
                windows = in_turn(
                    lambda asked=their_paths, wide=connections: ask(theirs, asked, wide, _TURN),  # type: ignore[misc]
                    lambda asked=our_paths, wide=connections: ask(here, asked, wide, _TURN),  # type: ignore[misc]
                    _TURN,
                )
                _report(here, name, *windows)
            elif name == "post":
                windows = in_turn(
                    lambda: Poster(theirs, 1, seed=next(_SEEDS)).turn(),
                    lambda: Poster(here, 1, seed=next(_SEEDS)).turn(),
                    _TURN,
                )
                _report(here, name, *windows)


def _report(here: Site, name: str, theirs: list[Window], ours: list[Window]) -> None:
    pairs = list(zip(theirs, ours, strict=True))
    emit(
        f"medallion_{name}",
        here.backend,
        statistics.median(one.per_s for one in theirs),
        "requests/s",
        objects=OBJECTS,
        cpu_ms=round(statistics.median(one.cpu_ms for one in theirs), 1),
        ours_times=round(statistics.median(b.per_s / a.per_s for a, b in pairs), 1),
        ours_objects=here.objects,
    )


@contextmanager
def _medallion(place: Path) -> Iterator[tuple[Server, list[str]]]:
    """A medallion with one collection of OBJECTS, and their ids."""
    place.mkdir(parents=True, exist_ok=True)
    objects = [json.loads(one) for one in indicators(OBJECTS, seed=2)]
    file = place / "medallion.json"
    file.write_text(json.dumps(_data(objects)))
    port = free_port()
    start = "from tests.bench.foreign import main; main()"
    process = subprocess.Popen([sys.executable, "-c", start, str(port), str(file)])
    try:
        wait_for_port(port)
        target = Target(port, f"/root/collections/{_COLLECTION}/", _USER, _PASSWORD)
        yield Server(target, process.pid, None), [one["id"] for one in objects]
    finally:
        process.terminate()
        process.wait(30)


def _data(objects: list[dict[str, Any]]) -> dict[str, Any]:
    kind = "application/stix+json;version=2.1"
    records = [
        {
            "id": one["id"],
            "date_added": _ADDED,
            "version": one["modified"],
            "media_type": kind,
        }
        for one in objects
    ]
    collection = {
        "id": _COLLECTION,
        "title": "Everything",
        "can_read": True,
        "can_write": True,
        "media_types": [kind],
        "objects": objects,
        "manifest": records,
    }
    information = {"title": "Root", "versions": [MEDIA], "max_content_length": 10_000_000}
    return {
        "/discovery": {"title": "Foreign", "default": "/root/", "api_roots": ["/root/"]},
        "root": {"information": information, "status": [], "collections": [collection]},
    }


def main() -> None:
    """In a process of its own; its arguments are port and data file. Served as ours is, but by one process."""
    import medallion as foreign
    from flask import Flask
    from medallion.backends.memory_backend import MemoryBackend
    from waitress import serve

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    port, file = sys.argv[1:]
    app: Any = Flask("medallion")
    app.medallion_backend = MemoryBackend(filename=file)
    app.users_backend = {_USER: _PASSWORD}
    app.taxii_config = {"max_page_size": 1000}
    foreign.register_blueprints(app)
    serve(app, listen=f"127.0.0.1:{port}", threads=4)
