"""Asking a peer again for exactly what a check found missing. The link's cursor stays where it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.exchange import trouble
from cirt.exchange.arrivals import take
from cirt.exchange.complete.comparing import Entry, Place, places_of
from cirt.exchange.complete.errors import CheckBusy, NothingMissing
from cirt.exchange.complete.models import CheckState
from cirt.exchange.complete.service import find_check, is_at_work
from cirt.exchange.links import due
from cirt.exchange.links.budget import Meter, metered
from cirt.exchange.links.now import LinkBusy
from cirt.exchange.models import Link, Outcome, Run
from cirt.exchange.remote.collections import Page, Remote, RemoteCollection
from cirt.exchange.runs import Caps, Running, count, peer_of, run_link
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.objects import codec

JOB = "link.again"
_AT_ONCE = 30  # ids in one request: an address stays below 2,000 characters
_MOST_PAGES = 50  # for those


def put_again(work: Work, check_id: int) -> None:
    """Ask the worker for it; ordinary runs of the link wait meanwhile.

    Raises:
        NoSuchCheck, NothingMissing, CheckBusy, LinkBusy, NotAllowed.
    """
    link_id = begin_again(work, check_id)
    slot = f"{due.JOB}-{link_id}-again-{check_id}-{to_us(work.now)}"
    lane = due.lane_of(work.session.get_one(Link, link_id).peer_id)
    jobs.put(work.session, JOB, {"check": check_id}, run_at=work.now, slot=slot, lane=lane)


def begin_again(work: Work, check_id: int) -> int:
    """The link of the check.

    Raises:
        NoSuchCheck, NothingMissing, CheckBusy, LinkBusy, NotAllowed.
    """
    work.require("sync:run")
    check = find_check(work, check_id)
    if is_at_work(work, check):
        raise CheckBusy
    if check.state is not CheckState.DONE or not check.missing:
        raise NothingMissing(id=check_id)
    if work.session.scalar(sa.select(due.is_busy(check.link_id))):
        raise LinkBusy
    check.again_state = CheckState.ASKED
    work.audit("link.again", f"link {check.link_id}", check=check_id, count=len(check.missing))
    return check.link_id


def run_again(program: Program, check_id: int, caps: Caps | None = None) -> None:
    """Ask, take what comes, and say how many of the missing are here now. It is a run of the link like any other."""
    with program.work(SYSTEM) as work:
        check = find_check(work, check_id)
        if check.again_state not in (CheckState.ASKED, CheckState.RUNNING):
            return
        check.again_state = CheckState.RUNNING
        missing = [Entry(*one) for one in check.missing]
        link_id = check.link_id
    run: Run | None = None
    try:
        run = run_link(program, link_id, lambda running: _Asking(running, missing).go(), caps)
    finally:
        _close(program, check_id, run)


def _close(program: Program, check_id: int, run: Run | None) -> None:
    """``run`` None: it broke off."""
    with program.work(SYSTEM) as work:
        check = find_check(work, check_id)
        missing = [Entry(*one) for one in check.missing]
        peer_id = work.session.get_one(Link, check.link_id).peer_id
        places = places_of(work.session, peer_id, missing)
        left = [list(one) for one, at in zip(missing, places, strict=True) if at is Place.MISSING]
        check.again_state = CheckState.FAILED if run is None or run.error else CheckState.DONE
        check.again_run_id = run.id if run else None
        check.again_came += len(missing) - len(left)
        check.missing_count -= len(missing) - len(left)
        check.missing = left


@dataclass(frozen=True, slots=True)
class _Asking:
    running: Running
    missing: Sequence[Entry]

    def go(self) -> None:
        """
        Raises:
            Unavailable: why it ended early.
        """
        running = self.running
        with running.program.work(SYSTEM, write=False) as work:
            running.check(work)
            remote_name = work.session.get_one(Link, running.link_id).remote
        ids = list(dict.fromkeys(entry.stix_id for entry in self.missing))
        program, caps = running.program, running.caps
        with (
            Remote(running.access(), program.clock, caps.request, caps.time) as remote,
            metered(program, running.link_id, remote) as meter,
        ):
            collection = remote.find(remote_name)
            if not collection.can_read:
                raise trouble.NotReadable(name=remote_name)
            for start in range(0, len(ids), _AT_ONCE):
                wanted = ids[start : start + _AT_ONCE]
                meter.check()
                for page in self._pages(collection, wanted):
                    self._store(page, set(wanted), meter)

    def _pages(self, collection: RemoteCollection, wanted: Sequence[str]) -> Iterator[Page]:
        filters = {"id": ",".join(wanted), "version": "all"}
        token: str | None = None
        for _ in range(_MOST_PAGES):
            try:
                page = collection.page(limit=1000, filters=filters, token=token)
            except (trouble.RequestRefused, trouble.PeerFailed):
                if filters.pop("version", None) is None:
                    raise
                continue  # some servers know the newest versions only
            yield page
            if not page.more or page.token in (None, token):
                return
            token = page.token

    def _store(self, page: Page, wanted: set[str], meter: Meter) -> None:
        """Only what was asked for: a server that knows no such filter sends everything."""
        read = codec.read_all(page.pieces)
        asked_for = [one for one in read if one.stix_id in wanted]
        with self.running.program.work(SYSTEM) as work:
            self.running.check(work)
            peer = peer_of(work.session, self.running.link_id)
            run_id = self.running.run_id
            arrivals = take(work, asked_for, peer=peer, run_id=run_id) if asked_for else []
            count(work.session.get_one(Run, run_id), arrivals)
            meter.settle(work)
            if any(arrival.outcome is Outcome.TAKEN for arrival in arrivals):
                link = work.session.get_one(Link, self.running.link_id)
                link.last_data_at = work.now
