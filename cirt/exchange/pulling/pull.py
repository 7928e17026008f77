"""Reads a peer's collection: page by page, each stored with its counts and the cursor in one transaction.

The cursor is a date of the peer's, never of ours. While the peer says that more follows it stays a microsecond
short of the last date, for others with the same date may follow; so a run that breaks off anywhere is taken up
again without a gap, and what comes twice is known. It says nothing of other terms: where somebody changes
these meanwhile, the walk ends.
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from cirt.exchange import trouble
from cirt.exchange.arrivals import take
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.dates import format_added, parse_added
from cirt.exchange.links.budget import Meter, metered
from cirt.exchange.links.filtering import asked_types, is_wanted
from cirt.exchange.models import Link, Outcome, Run, RunState
from cirt.exchange.pulling.guard import Guard
from cirt.exchange.pulling.resuming import (
    AHEAD,
    ReadBy,
    held_unchanged,
    just_before,
    reached_by,
    read_by,
    start_of,
)
from cirt.exchange.remote.ahead import Pages, reading_ahead
from cirt.exchange.remote.collections import Page, Remote, RemoteCollection
from cirt.exchange.runs import (
    Caps,
    Running,
    count,
    new_run,
    peer_of,
    rehearsal,
    run_link,
)
from cirt.kernel.errors import Unavailable
from cirt.kernel.net_errors import AnswerTooLarge
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from cirt.objects import codec
from cirt.objects.codec import Read

_IN_ONE_GO = 5000  # objects in one transaction, whatever a peer calls a page
_LARGE = 5000  # objects from which on a first run is large
_GENTLE_IN_ONE_GO = 1000  # nobody at the desk waits longer than such a transaction takes
_REST = 1.5  # times as long as storing took
_LONGEST_REST_S = 2.0
_FEWER = 10  # by how much a page is made shorter or longer
_LEAST = 2  # in a page, as long as they fit: one alone says nothing of others with its date
_LARGEST_PAGE = 10_000  # that we ask for, where more objects have one date


def pull_link(
    program: Program,
    link_id: int,
    *,
    dry_run: bool = False,
    caps: Caps | None = None,
    gentle: bool = False,
) -> Run:
    """Read what is new. A dry run asks and counts, and stores nothing, not even that it ran."""
    if dry_run:
        return _dry(program, link_id, caps or Caps())
    return run_link(program, link_id, _pull, caps, gentle=gentle)


def _dry(program: Program, link_id: int, caps: Caps) -> Run:
    with program.work(SYSTEM, write=False) as work:
        run = new_run(link_id, work)
    try:
        _Walk(Running(program, link_id, None, caps), dry=run).go()
    except trouble.ShareUsed as error:
        run.error, run.error_values = error.code, dict(error.values)
    except Unavailable as error:
        run.state = RunState.FAILED
        run.error, run.error_values = error.code, dict(error.values)
    if run.state is RunState.RUNNING:
        run.state = RunState.DONE
    return run


def _pull(running: Running) -> None:
    _Walk(running).go()


class _Walk:
    """One walk over a collection, from the link's cursor to the end."""

    def __init__(self, running: Running, dry: Run | None = None) -> None:
        self._running, self._dry = running, dry
        self._guard = Guard(running.caps, running.program.clock.now())
        self._filters = {"version": "all"}
        self._token: str | None = None
        self._high: str | None = None  # the latest date of this walk, as sent, that can be true
        self._latest: datetime | None = None  # the latest of all, true or not
        self._size = running.caps.page_size
        self._too_long: int | None = None  # a page from the same place that was more than we read
        self._may_restart = True
        self._types: list[str] | None = None
        self._terms: ReadBy | None = None
        self._is_first = False
        self._meter: Meter | None = None

    def go(self) -> None:
        """
        Raises:
            Unavailable: why the walk ended before the end of the collection.
        """
        with self._running.program.work(SYSTEM, write=False) as work:
            self._running.check(work)
            link = work.session.get_one(Link, self._running.link_id)
            self._start_after(start_of(work.session, link, work.now))
            self._is_first = link.last_success_at is None
            self._types, self._terms = link.types, read_by(link)
        if types := asked_types(link.types):
            self._filters["type"] = types
        program, caps = self._running.program, self._running.caps
        clock = program.clock
        with (
            Remote(self._running.access(), clock, caps.request, caps.time) as remote,
            metered(program, link.id, remote) as self._meter,
        ):
            collection = remote.find(link.remote)
            if not collection.can_read:
                raise trouble.NotReadable(name=link.remote)
            with self._read_ahead(collection) as pages:
                while self._step(pages):
                    self._meter.check()
                    limit = self._guard.over_limit(clock.now())
                    if limit:
                        raise trouble.RunTooLong(limit=limit)

    def _read_ahead(self, collection: RemoteCollection) -> AbstractContextManager[Pages]:
        if not self._running.caps.reads_ahead:
            return nullcontext(collection)
        return reading_ahead(collection, apart=not self._is_gentle)

    def _start_after(self, added_after: str | None) -> None:
        self._filters.pop("added_after", None)
        if added_after:
            self._filters["added_after"] = added_after
        self._token = self._too_long = None
        self._size = max(self._size, min(_LEAST, self._running.caps.page_size))

    def _step(self, collection: Pages) -> bool:
        """Read and store one page; whether another follows."""
        page = self._ask(collection)
        is_later = self._note_date(page)
        is_new = self._store(page)
        self._guard.pages += 1
        self._guard.objects += len(page.pieces)
        if not page.more:
            return False
        following = None if page.token else self._following(page)
        if following and self._stays_at(following):
            self._ask_for_more_at_once()
            return True
        self._guard.note(page, is_new=is_new or is_later)
        if following:
            self._start_after(following)
        else:
            self._token = page.token
        return True

    def _note_date(self, page: Page) -> bool:
        """Whether it is later than all before it. Of an empty page it says nothing (Arango sends “9999”)."""
        added = parse_added(page.last_added) if page.pieces else None
        if added is None:
            return False
        high = parse_added(self._high)
        can_be_true = added <= self._running.program.clock.now() + AHEAD
        if can_be_true and (high is None or added > high):
            self._high = page.last_added
        is_later = self._latest is None or added > self._latest
        if is_later:
            self._latest = added
        return is_later

    def _ask(self, collection: Pages) -> Page:
        """One page; where its token or a filter is refused, by another way."""
        try:
            return self._page(collection)
        except (trouble.RequestRefused, trouble.NotThere, trouble.PeerFailed):
            if self._token is not None and self._may_restart:
                self._may_restart = False  # its token has expired: begin where the last page ended
                self._guard.begin_again()
                self._start_after(self._restart_after())
            elif self._guard.pages == 0 and "version" in self._filters:
                del self._filters["version"]  # some servers know the newest versions only
            else:
                raise
        return self._page(collection)

    def _page(self, collection: Pages) -> Page:
        """As long as we would have it, or shorter where that is more than we read at once."""
        while True:
            try:
                return collection.page(limit=self._size, filters=self._filters, token=self._token)
            except AnswerTooLarge:
                if self._size == 1:
                    raise
                self._too_long = self._size
                self._size = max(self._size // _FEWER, min(_LEAST, self._size - 1))

    def _restart_after(self) -> str | None:
        high = parse_added(self._high)
        return self._filters.get("added_after") if high is None else just_before(high)

    def _following(self, page: Page) -> str:
        """Without a token: what is later, and again those with the last date itself."""
        last = parse_added(page.last_added)
        if last is None:
            raise trouble.NoProgress(problem="it sends neither a token nor dates")
        return just_before(last) if len(page.pieces) > 1 else format_added(last)

    def _stays_at(self, following: str) -> bool:
        now, then = parse_added(self._filters.get("added_after")), parse_added(following)
        return now is not None and then is not None and then <= now

    def _ask_for_more_at_once(self) -> None:
        """A whole page has the same date: a longer one may reach beyond it, as far as it fits."""
        size, self._size = self._size, self._size * _FEWER
        if self._too_long is not None:
            self._size = min(self._size, (size + self._too_long) // 2)
        if not size < self._size <= _LARGEST_PAGE:
            problem = "a whole page has the same date, and there is no token"
            raise trouble.NoProgress(problem=problem)

    def _store(self, page: Page) -> bool:
        """Store a page in one transaction, a huge one in several; whether anything new came."""
        size = _GENTLE_IN_ONE_GO if self._is_gentle else _IN_ONE_GO
        found: Sequence[bytes | Read] = page.read or page.pieces
        parts = [found[start : start + size] for start in range(0, len(found), size)] or [[]]
        is_new = False
        for number, part in enumerate(parts, start=1):
            begun = time.monotonic()
            is_new |= self._store_part(part, page if number == len(parts) else None)
            self._rest(time.monotonic() - begun)
        return is_new

    @property
    def _is_gentle(self) -> bool:
        return self._running.gentle and self._is_first

    def _rest(self, took_s: float) -> None:
        """Between the transactions of a large first run database and processor are for the desk."""
        if self._is_gentle and self._guard.objects >= _LARGE:
            self._running.program.clock.sleep(min(_REST * took_s, _LONGEST_REST_S))

    def _store_part(self, pieces: Sequence[bytes | Read], page: Page | None) -> bool:
        """``page`` comes with its last part, which moves the cursor."""
        link_id, run_id = self._running.link_id, self._running.run_id
        program = self._running.program
        every = codec.read_all(pieces)  # others need not wait for that
        read = [each for each in every if is_wanted(each, self._types)]
        with rehearsal(program) if self._dry else program.work(SYSTEM) as work:
            self._running.check(work, held=True)
            peer = peer_of(work.session, link_id)
            arrivals = take(work, read, peer=peer, run_id=run_id) if read else []
            if self._dry is not None:
                count(self._dry, arrivals, left_out=len(every) - len(read))
                return _brings_new(arrivals)
            link = held_unchanged(work.session, link_id, self._terms)
            run = work.session.get_one(Run, run_id)
            count(run, arrivals, left_out=len(every) - len(read))
            if self._meter is not None:
                self._meter.settle(work)
            if any(arrival.outcome is Outcome.TAKEN for arrival in arrivals):
                link.last_data_at = work.now
            if page is not None:
                self._move_cursor(link, page)
        return _brings_new(arrivals)

    def _move_cursor(self, link: Link, page: Page) -> None:
        high = parse_added(self._high)
        if high is None or self._high is None:
            return
        now = self._running.program.clock.now()
        reached = reached_by(self._high, high, now, more=page.more)
        before = parse_added(link.cursor)
        if before is None or before > now + AHEAD or (parse_added(reached) or high) > before:
            link.cursor = reached


def _brings_new(arrivals: Sequence[Arrival]) -> bool:
    return any(arrival.outcome is Outcome.TAKEN for arrival in arrivals)
