"""What the desk asks the worker to find out about a link: an estimate, or a dry run. The answers stand with the link."""

from typing import Any

import sqlalchemy as sa

from cirt.exchange.links.due import lane_of
from cirt.exchange.links.estimating import OnlyForPull, estimate_link
from cirt.exchange.links.now import LinkBusy, LinkByFile, LinkRests, check_awake
from cirt.exchange.links.service import find_link
from cirt.exchange.models import LinkDirection, RunState
from cirt.exchange.sync import sync_link
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.errors import Unavailable
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work

ESTIMATE, REHEARSE = "link.estimate", "link.rehearse"
_COUNTS = ("pages", "offered", "taken", "known", "held", "refused", "left_out")


def ask_estimate(work: Work, link_id: int) -> None:
    """
    Raises:
        NoSuchLink, OnlyForPull, LinkRests, LinkByFile, LinkBusy, NotAllowed.
    """
    work.require("peer:write")
    if find_link(work.session, link_id).direction is not LinkDirection.PULL:
        raise OnlyForPull
    _ask(work, ESTIMATE, link_id)


def ask_rehearsal(work: Work, link_id: int) -> None:
    """
    Raises:
        NoSuchLink, LinkRests, LinkByFile, LinkBusy, NotAllowed.
    """
    work.require("sync:run")
    _ask(work, REHEARSE, link_id)


def asked_for(work: Work, link_id: int) -> set[str]:
    """Which of the two are under way or wait for the worker."""
    return {kind for kind in (ESTIMATE, REHEARSE) if _is_asked(work, kind, link_id)}


def estimate(program: Program, payload: dict[str, Any]) -> None:
    """The job. What the peer does wrong stands with the link, and is nothing to try again."""
    try:
        estimate_link(program, int(payload["link"]))
    except (Unavailable, LinkRests, LinkByFile):
        return


def rehearse(program: Program, payload: dict[str, Any]) -> None:
    """The job."""
    run = sync_link(program, int(payload["link"]), dry_run=True)
    with program.work(SYSTEM) as work:
        find_link(work.session, int(payload["link"])).rehearsal = {
            "at": work.now.isoformat(),
            "failed": run.state is RunState.FAILED,
            "error": run.error,
            "error_values": dict(run.error_values),
            **{name: getattr(run, name) for name in _COUNTS},
        }


def _ask(work: Work, kind: str, link_id: int) -> None:
    link = find_link(work.session, link_id)
    check_awake(work, link)
    if _is_asked(work, kind, link_id):
        raise LinkBusy
    slot = f"{kind}-{link_id}-{to_us(work.now)}"
    payload = {"link": link_id}
    lane = lane_of(link.peer_id)
    jobs.put(work.session, kind, payload, run_at=work.now, slot=slot, lane=lane)
    work.audit(kind, f"link {link_id}")


def _is_asked(work: Work, kind: str, link_id: int) -> bool:
    return bool(work.session.scalar(sa.select(jobs.is_open(f"{kind}-{link_id}-"))))
