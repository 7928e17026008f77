"""Work that may take its time, in slices: between them processor and database are for those who wait for answers."""

import time
from collections.abc import Iterable

_REST = 4  # times as long as a slice took: work takes a fifth of one core at most
_LONGEST_S = 1.0


def at_ease(slices: Iterable[object]) -> None:
    """Go through them, with a rest after each."""
    begun = time.monotonic()
    for _ in slices:
        time.sleep(min(_LONGEST_S, _REST * (time.monotonic() - begun)))
        begun = time.monotonic()
