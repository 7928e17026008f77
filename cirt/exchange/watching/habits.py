"""How long a line is usually silent, learned from its own past. Pure."""

import math
from collections.abc import Sequence
from datetime import timedelta

ENOUGH_DAYS = 5  # with data, before anything can be called a habit
WINDOW = timedelta(days=60)  # further back is another time
_USUAL = 0.9  # of the days; one outage in ten days does not become the habit, weekends do
_PATIENCE = 1.5  # a little longer than usual is nothing to tell
_LEAST = timedelta(hours=3)
_MOST = timedelta(days=21)
_INTERVALS = 6  # a line that is asked once a day is not late after three hours


def habit_of(longest_gaps_s: Sequence[int], every_s: int) -> timedelta | None:
    """How long the line may be silent before somebody should know; None while too little is known of it.

    ``longest_gaps_s`` has, for each day on which data came, the longest silence in seconds that ended on that day.
    So a line that is busy all day and rests at night or over the weekend is known by its nights and weekends, not
    by its minutes.
    """
    if len(longest_gaps_s) < ENOUGH_DAYS:
        return None
    ordered = sorted(longest_gaps_s)
    usual = ordered[math.ceil(_USUAL * len(ordered)) - 1]
    least = max(_LEAST, timedelta(seconds=_INTERVALS * every_s))
    return max(least, min(_MOST, timedelta(seconds=_PATIENCE * usual)))
