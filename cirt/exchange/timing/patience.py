"""How long a link waits before it tries again."""

from datetime import datetime, time, timedelta

_FIRST_S, _LONGEST_S = 60, 3600
_INTERVALS = 30  # a link that runs often is not left for an hour
_DOUBLINGS = 20  # after so many the longest wait is reached, whatever the interval
_AFTER_MIDNIGHT_S = 600


def backoff_s(failures: int, every_s: int, spread: float) -> float:
    """Twice as long after each failure in a row, an hour or thirty intervals at most.

    ``spread`` from 0 to 1 takes off up to a half, so that those who failed together do not come back together.
    """
    first = min(_FIRST_S, every_s)
    longest = min(_LONGEST_S, _INTERVALS * every_s)
    whole: int = min(first << min(failures - 1, _DOUBLINGS), longest)
    return whole * (1 - spread / 2)


def next_day(now: datetime, spread: float) -> datetime:
    """Within ten minutes after the next midnight, UTC."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return midnight + timedelta(seconds=spread * _AFTER_MIDNIGHT_S)
