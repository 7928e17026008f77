"""Who writes to SQLite next: all threads of all processes stand in one line.

Left to itself, SQLite has those who find it locked sleep for some milliseconds and try again: under load most of
their time goes there, and whoever has slept longest has no better chance than the others.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_S = 30


class Turn:
    """Held by one writer of a database at a time; the system frees it when its process dies.

    It spares waiting and guards nothing, which SQLite's own lock does: whoever cannot have it goes on without, and
    so does a thread for which the others of its process take too long. For another process it waits as long as it
    must. The file is never the database itself, whose locks would be lost when it is closed.
    """

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-turn")
        self._lock = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_S):
            yield
            return
        try:
            file = self._locked()
            try:
                yield
            finally:
                if file is not None:
                    fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    def _locked(self) -> int | None:
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:
            return None  # no such locks on this file system, or no place: then SQLite says so in a moment
        return self._file

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)
