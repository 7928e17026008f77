"""Run every benchmark on both databases: ``python -m tests.bench [sqlite|postgresql]``."""

import sys
import tempfile
from pathlib import Path

from tests.bench import desk, exchange
from tests.support.databases import BACKENDS, Databases


def main() -> None:
    backends = [one for one in BACKENDS if one in sys.argv[1:]] or list(BACKENDS)
    with tempfile.TemporaryDirectory(prefix="cirt-bench-") as place:
        home = Path(place)
        (home / "databases").mkdir()
        with Databases(home / "databases") as databases:
            for backend in backends:
                exchange.run(databases, backend, home / backend / "exchange")
                desk.run(databases, backend, home / backend / "desk")


main()
