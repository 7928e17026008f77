"""The benchmarks: ``python -m tests.bench [extract|exchange|sync|matching|desk|gate|intake|taxii …] [sqlite|postgresql …] [measure …]``.

Without names all runs, on both databases. Names of measures (memory, page, deep, walk, poll, match, object, post,
medallion) choose among those of taxii. ``--quick`` measures briefly, ``--million`` also with a million objects.
"""

import argparse
import tempfile
from pathlib import Path

from tests.bench import desk, exchange, extract, gate, intake, matching, sync, taxii
from tests.bench.windows import QUICK, THOROUGH
from tests.support.databases import BACKENDS, Databases

ROOMS = ("extract", "exchange", "sync", "matching", "desk", "gate", "intake", "taxii")

_ALIKE = {
    "exchange": exchange.run,
    "matching": matching.run,
    "gate": gate.run,
    "intake": intake.run,
    "desk": desk.run,
}


def _chosen(given: list[str], of: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in of if one in given) or of


def main() -> None:
    known = [*ROOMS, *BACKENDS, *taxii.MEASURES]
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", choices=known, metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--million", action="store_true")
    given = parser.parse_intermixed_args()
    rooms = _chosen(given.names, ROOMS)
    measures = _chosen(given.names, taxii.MEASURES)
    if measures != taxii.MEASURES and rooms == ROOMS:
        rooms = ("taxii",)
    if "extract" in rooms:  # needs no database
        extract.run()
    if rooms == ("extract",):
        return
    with tempfile.TemporaryDirectory(prefix="cirt-bench-") as place:
        home = Path(place)
        (home / "databases").mkdir()
        with Databases(home / "databases") as databases:
            for backend in _chosen(given.names, BACKENDS):
                if "taxii" in rooms:
                    taxii.run(
                        databases,
                        backend,
                        home / backend,
                        measures=measures,
                        size=QUICK if given.quick else THOROUGH,
                        million=given.million,
                    )
                if "sync" in rooms:
                    sync.run(databases, backend, home / backend / "sync", quick=given.quick)
                for name in (each for each in rooms if each in _ALIKE):
                    _ALIKE[name](databases, backend, home / backend / name)


main()
