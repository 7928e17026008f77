"""What keeps an incident from being closed."""

from collections.abc import Sequence

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.register.closing.rules import OpenEnd


class StillOpen(Invalid):
    """``ends`` are those that nobody said may stay open."""

    code = "still-open"
    message = mark(
        "Some of it still stands open. Finish it, or tick that it is closed all the same."
    )

    def __init__(self, ends: Sequence[OpenEnd]) -> None:
        super().__init__()
        self.ends = tuple(ends)
