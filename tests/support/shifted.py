"""``cirt`` as it is, but for a clock that can be set while it runs: a file holds the seconds to add.

Run as a script; the file is named by SHIFT_FILE.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cirt.boot.main import main
from cirt.kernel.clock import SystemClock


class ShiftedClock(SystemClock):
    """The system's time and what the file says."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text() or 0))

    def set(self, seconds: float) -> None:
        """From now on, in every process; the file is replaced, so that no reader finds half of it."""
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.file)


if __name__ == "__main__":
    shifted = ShiftedClock(Path(os.environ["SHIFT_FILE"]))

    def now(_clock: SystemClock) -> datetime:
        return shifted.now()

    setattr(SystemClock, "now", now)  # noqa: B010 - the one part that is replaced
    main()
