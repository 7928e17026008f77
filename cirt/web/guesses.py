"""Wrong follow-up codes, counted in memory alone: reporters may stay anonymous, so no address is written down.

Nobody guesses a code of 75 bits; the limit is for those who try all the same. It holds for one web process.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

from flask import current_app, request

from cirt.kernel.errors import TooMany
from cirt.register.errors import CodeWrong
from cirt.web.session import visit

PER_REPORT = 20  # of one source, so that nobody behind the same address shuts out other reporters
PER_SOURCE = 200
WINDOW = timedelta(minutes=15)
_REMEMBERED = 10_000
_ANY = ""  # instead of a reference: all of a source


class Guesses:
    """How many were wrong, by source and report, the longest unused forgotten."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[tuple[str, str], tuple[int, datetime]] = OrderedDict()
        self._lock = Lock()

    def check(self, source: str, reference: str, now: datetime) -> None:
        """
        Raises:
            TooMany: whether the code is right is not even looked at.
        """
        for name, most in ((reference, PER_REPORT), (_ANY, PER_SOURCE)):
            count, since = self._wrong.get((source, name), (0, now))
            ends = since + WINDOW
            if count >= most and now < ends:
                raise TooMany(wait_s=max(1, round((ends - now).total_seconds())))

    def note(self, source: str, reference: str, now: datetime) -> None:
        with self._lock:
            for name in (reference, _ANY):
                count, since = self._wrong.pop((source, name), (0, now))
                begins_anew = now >= since + WINDOW
                self._wrong[source, name] = (1, now) if begins_anew else (count + 1, since)
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)


@contextmanager
def counted(reference: str) -> Iterator[None]:
    """Around whatever looks at a code.

    Raises:
        TooMany, CodeWrong.
    """
    guesses: Guesses = current_app.extensions["cirt.guesses"]
    source, name = request.remote_addr or "", reference.strip().upper()[:40]
    guesses.check(source, name, visit().now)
    try:
        yield
    except CodeWrong:
        guesses.note(source, name, visit().now)
        raise
