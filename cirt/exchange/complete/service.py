"""Checking a link by its peer's manifest: asked for by a person, done by the worker or at the console."""

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from cirt.exchange import trouble
from cirt.exchange.complete.comparing import Entry, Place, places_of
from cirt.exchange.complete.errors import CheckBusy, NoSuchCheck, OnlyReadingChecked
from cirt.exchange.complete.models import CheckState, ManifestCheck
from cirt.exchange.complete.walking import ManifestWalk
from cirt.exchange.dates import format_added
from cirt.exchange.links.budget import metered
from cirt.exchange.links.due import is_busy, lane_of
from cirt.exchange.links.now import LinkByFile
from cirt.exchange.links.service import find_link
from cirt.exchange.models import Link, LinkDirection, Run, RunState
from cirt.exchange.remote.collections import Remote
from cirt.exchange.runs import Caps, Running, check_may_run
from cirt.kernel import jobs
from cirt.kernel.errors import Unavailable
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.parties.models import Peer

JOB = "link.check"
_MOST_MISSING = 5000  # that are named; all are counted
_AT_WORK = (CheckState.ASKED, CheckState.RUNNING)
_LONGEST = timedelta(hours=2)  # a walk ends within one


def put_check(work: Work, link_id: int) -> int:
    """Ask the worker for a check; its number.

    Raises:
        NoSuchLink, OnlyReadingChecked, LinkByFile, CheckBusy, NotAllowed.
    """
    check = new_check(work, link_id)
    lane = lane_of(find_link(work.session, link_id).peer_id)
    slot = f"{JOB}-{check.id}-"
    jobs.put(work.session, JOB, {"check": check.id}, run_at=work.now, slot=slot, lane=lane)
    return check.id


def new_check(work: Work, link_id: int) -> ManifestCheck:
    """
    Raises:
        NoSuchLink, OnlyReadingChecked, LinkByFile, CheckBusy, NotAllowed.
    """
    work.require("sync:run")
    link = find_link(work.session, link_id)
    if link.direction is not LinkDirection.PULL:
        raise OnlyReadingChecked(id=link_id)
    if link.by_file:
        raise LinkByFile(peer=work.session.get_one(Peer, link.peer_id).name)
    before = sa.select(ManifestCheck).where(
        ManifestCheck.link_id == link_id,
        sa.or_(ManifestCheck.state.in_(_AT_WORK), ManifestCheck.again_state.in_(_AT_WORK)),
    )
    if any(is_at_work(work, each) for each in work.session.scalars(before)):
        raise CheckBusy
    check = ManifestCheck(
        link_id=link_id,
        asked_by=work.actor.name,
        asked_at=work.now,
        missing=[],
        error_values={},
    )
    work.session.add(check)
    work.session.flush()
    work.audit("link.check", f"link {link_id}", check=check.id)
    return check


def find_check(work: Work, check_id: int) -> ManifestCheck:
    """
    Raises:
        NoSuchCheck.
    """
    check = work.session.get(ManifestCheck, check_id)
    if check is None:
        raise NoSuchCheck(id=check_id)
    return check


def is_at_work(work: Work, check: ManifestCheck) -> bool:
    """Whether somebody does what its state says; a kill leaves a state behind."""
    begun = work.now - _LONGEST
    if check.state in _AT_WORK:
        is_meant = jobs.is_open(f"{JOB}-{check.id}-")
        return check.asked_at > begun or bool(work.session.scalar(sa.select(is_meant)))
    if check.again_state not in _AT_WORK:
        return False
    is_running = sa.exists().where(
        Run.link_id == check.link_id, Run.state == RunState.RUNNING, Run.started_at > begun
    )
    query = sa.select(sa.or_(is_busy(check.link_id), is_running))
    return bool(work.session.scalar(query))


def run_check(program: Program, check_id: int, caps: Caps | None = None) -> None:
    """Walk and compare. After a break it begins anew; one that has ended stays as it is."""
    with program.work(SYSTEM) as work:
        check = find_check(work, check_id)
        if check.state not in _AT_WORK:
            return
        check.state = CheckState.RUNNING
        check.pages = check.offered = check.taken = check.known = 0
        check.quarantined = check.missing_count = 0
        check.missing = []
        link_id = check.link_id
    limited_by, error = "", None
    try:
        limited_by = _walk(Running(program, link_id, None, caps or Caps()), check_id)
    except Unavailable as trouble_:
        error = trouble_
    except Exception:
        _close(program, check_id, "", trouble.OurFault())
        raise
    except BaseException:  # at the console somebody pressed Ctrl-C
        _close(program, check_id, "", trouble.CheckBrokenOff())
        raise
    _close(program, check_id, limited_by, error)


def _walk(running: Running, check_id: int) -> str:
    """What ended it early, or nothing."""
    with running.program.work(SYSTEM, write=False) as work:
        check_may_run(work, running.link_id)
        link = work.session.get_one(Link, running.link_id)
    since = format_added(link.since) if link.since else None
    program, caps = running.program, running.caps
    with (
        Remote(running.access(), program.clock, caps.request, caps.time) as remote,
        metered(program, link.id, remote) as meter,
    ):
        collection = remote.find(link.remote)
        if not collection.can_read:
            raise trouble.NotReadable(name=link.remote)
        walk = ManifestWalk(collection, since, link.types, meter.check)
        for entries in walk.pages():
            with program.work(SYSTEM) as work:
                _add_page(work, check_id, link.peer_id, entries)
                meter.settle(work)
    return walk.limited_by


def _add_page(work: Work, check_id: int, peer_id: int, entries: list[Entry]) -> None:
    check = find_check(work, check_id)
    places = places_of(work.session, peer_id, entries)
    found = Counter(places)
    check.pages += 1
    check.offered += len(entries)
    check.taken += found[Place.TAKEN]
    check.known += found[Place.KNOWN]
    check.quarantined += found[Place.QUARANTINED]
    check.missing_count += found[Place.MISSING]
    missing = [
        list(one) for one, place in zip(entries, places, strict=True) if place is Place.MISSING
    ]
    check.missing = [*check.missing, *missing][:_MOST_MISSING]


def _close(program: Program, check_id: int, limited_by: str, error: Unavailable | None) -> None:
    with program.work(SYSTEM) as work:
        check = find_check(work, check_id)
        check.state = CheckState.FAILED if error else CheckState.DONE
        check.ended_at = work.now
        check.limited_by = limited_by or None
        check.error = error.code if error else None
        check.error_values = dict(error.values) if error else {}
        facts = {"offered": check.offered, "missing": check.missing_count, "error": check.error}
        work.audit("link.checked", f"link {check.link_id}", check=check_id, **facts)
