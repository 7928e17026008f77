"""A watched folder: whole files, in the order in which they came, each once."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cirt.plugin import ConnectorFault

_TICK_S = 0.02  # how coarse the times of files are, and a little more
_AHEAD_NS = 3600 * 10**9  # a file server's clock may differ from ours


@dataclass(frozen=True, slots=True)
class Spooled:
    """``mark`` is the cursor after it: its change time, which also a move into the folder sets, and its name."""

    mark: str
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Spool:
    """Files of ``folder`` that end in one of ``endings``. Write under a name that begins with a dot, then rename.

    A file that is written to again, or renamed, is handed out again. What is read while it is still being written is
    therefore read again when it is whole.
    """

    folder: Path
    endings: tuple[str, ...]
    max_bytes: int = 256 * 1024 * 1024

    def after(self, cursor: str | None) -> Iterator[Spooled]:
        """
        Raises:
            ConnectorFault: the folder is not there.
        """
        if not self.folder.is_dir():
            raise ConnectorFault(f"{self.folder} is not a folder. Make it or correct the setting.")
        if cursor and not _is_past(cursor):
            cursor = None  # the clock was set back: better all again than some never
        listed = self._behind(cursor)
        if not listed:
            return
        time.sleep(_TICK_S)
        for one in self._behind(cursor):  # with what came before the last, and was not listed yet
            if one.mark <= listed[-1].mark:
                yield one

    def read(self, file: Path) -> bytes:
        """
        Raises:
            ConnectorFault: it is too large, has gone, or may not be read.
        """
        name = spelled(file.name)
        try:
            with file.open("rb") as opened:
                body = opened.read(self.max_bytes + 1)
        except OSError as error:
            raise ConnectorFault(
                f"{name} cannot be read ({error.strerror}). Make it readable and touch it."
            ) from error
        if len(body) > self.max_bytes:
            raise ConnectorFault(f"{name} is larger than {self.max_bytes} bytes. Split it.")
        return body

    def _behind(self, cursor: str | None) -> list[Spooled]:
        return [one for one in self._files() if cursor is None or one.mark > cursor]

    def _files(self) -> list[Spooled]:
        found = []
        for file in self.folder.iterdir():
            if file.name.startswith(".") or file.suffix.lower() not in self.endings:
                continue
            try:
                if file.is_file():
                    name = spelled(file.name)
                    mark = f"{file.stat().st_ctime_ns:020d} {name}"
                    found.append(Spooled(mark, file, name))
            except OSError:
                continue  # moved away since it was listed: somebody else's by now
        return sorted(found, key=lambda one: one.mark)


def spelled(name: str) -> str:
    """As text that everybody can hold: a name on disk may be no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_past(cursor: str) -> bool:
    """By the host's clock, which set the times of the files."""
    nanoseconds = cursor.partition(" ")[0]
    return not nanoseconds.isdigit() or int(nanoseconds) <= time.time_ns() + _AHEAD_NS
