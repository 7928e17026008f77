"""One thing that a peer does wrong or oddly, as data: where, how, and what must come of it."""

from dataclasses import dataclass

from tests.support.hostile import Mode

ALL = 6  # good objects of the small peer


@dataclass(frozen=True, slots=True)
class Scripted:
    """``code`` is that of the run's error, None where it is read to the end.

    ``taken`` objects come in spite of it. A ``slow`` one goes on for ever, so it is run with little time.
    """

    at: str  # the place that misbehaves, see hostile.place_of
    act: Mode
    code: str | None = None
    taken: int = ALL
    held: int = 0
    refused: int = 0
    slow: bool = False
