"""Which job is done by what, and which are asked for again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cirt.exchange import arrivals, sightings_back
from cirt.exchange.cases import slicing
from cirt.exchange.complete import again
from cirt.exchange.complete import service as complete
from cirt.exchange.health import link_lines
from cirt.exchange.links import due, probing
from cirt.exchange.sync import sync_link
from cirt.exchange.watching.alerts import update_alerts
from cirt.kernel import jobs
from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.notify import arrival_letters, handovers, letters, notices, peer_letters
from cirt.parties import used_forms
from cirt.register.bin import erasing
from cirt.register.matches.telling import forget_old
from cirt.release.holdings import accounting
from cirt.release.recalling.letters import reminding
from cirt.release.settling import settle_due
from cirt.release.withholding import end_past
from cirt.sources import desk
from cirt.sources.account import EVERY_S
from cirt.sources.health import source_lines
from cirt.sources.service import run_configured
from cirt.worker.pace import at_ease

Handler = Callable[[Program, dict[str, Any]], None]

WATCH_JOB = "links.watch"
_DAY_S = 24 * 3600
_KEEP_DONE = timedelta(days=7)  # longer than any slot, or a slot could be taken twice


@dataclass(frozen=True, slots=True)
class Periodic:
    kind: str
    every_s: int


def _sync(program: Program, payload: dict[str, Any]) -> None:
    sync_link(program, int(payload["link"]), gentle=True)


def _check(program: Program, payload: dict[str, Any]) -> None:
    complete.run_check(program, int(payload["check"]))


def _ask_again(program: Program, payload: dict[str, Any]) -> None:
    again.run_again(program, int(payload["check"]))


def _watch(program: Program, _payload: dict[str, Any]) -> None:
    """Alerts on links and connectors; what is new is written to leads in the same transaction."""
    with program.work(SYSTEM) as work:
        sources = source_lines(work.session, program.settings.connectors)
        new = update_alerts(work, [*link_lines(work.session), *sources])
        notices.tell_of_alerts(program, work, new)


def _decide(program: Program, payload: dict[str, Any]) -> None:
    """The one that is named; without a number, ask anew for those that were given up."""
    if "decision" in payload:
        at_ease(slicing.carry_on(program, int(payload["decision"])))
        return
    with program.work(SYSTEM) as work:
        slicing.ask_anew(work)


def _tidy(program: Program, _payload: dict[str, Any]) -> None:
    with program.work(SYSTEM) as work:
        jobs.tidy(work.session, work.now - _KEEP_DONE)
        used_forms.tidy(work.session, work.now - _KEEP_DONE)
        forget_old(work)


def _settle(program: Program, _payload: dict[str, Any]) -> None:
    with program.work(SYSTEM) as work:
        end_past(work)  # of the do-not-share list
        settle_due(work)


def _erase(program: Program, _payload: dict[str, Any]) -> None:
    erasing.erase_due(program)


def _read_sources(program: Program, payload: dict[str, Any]) -> None:
    """The one that is named; without a name, ask for each."""
    if "source" in payload:
        run_configured(program, SYSTEM, payload["source"])
        return
    with program.work(SYSTEM) as work:
        desk.ask_all(work, program)


def _retry_arrivals(program: Program, payload: dict[str, Any]) -> None:
    """What waits for these definitions; without any, ask anew for what waits in vain."""
    if "definitions" in payload:
        at_ease(arrivals.take_awaiting(program, payload["definitions"]))
        return
    with program.work(SYSTEM) as work:
        arrivals.ask_anew(work)


def _send_letters(program: Program, _payload: dict[str, Any]) -> None:
    letters.send_due(program)
    peer_letters.send_peer_letters(program)
    arrival_letters.send_arrival_letters(program)


def _account(program: Program, _payload: dict[str, Any]) -> None:
    at_ease(accounting.account_in_slices(program))


def _remind(program: Program, _payload: dict[str, Any]) -> None:
    reminding.drop_needless(program)
    reminding.remind_due(program)


def _warn_of_ends(program: Program, _payload: dict[str, Any]) -> None:
    notices.warn_of_ends(program)


def _send_notices(program: Program, _payload: dict[str, Any]) -> None:
    notices.send_due(program)


def _report_seen(program: Program, _payload: dict[str, Any]) -> None:
    sightings_back.report_seen(program)


def _hand_over(program: Program, _payload: dict[str, Any]) -> None:
    handovers.send_due(program)


HANDLERS: dict[str, Handler] = {
    due.JOB: _sync,
    probing.ESTIMATE: probing.estimate,
    probing.REHEARSE: probing.rehearse,
    complete.JOB: _check,
    again.JOB: _ask_again,
    slicing.JOB: _decide,
    WATCH_JOB: _watch,
    "jobs.tidy": _tidy,
    "feeds.settle": _settle,
    desk.JOB: _read_sources,
    arrivals.JOB: _retry_arrivals,
    letters.JOB: _send_letters,
    handovers.JOB: _hand_over,
    erasing.JOB: _erase,
    notices.WARN_JOB: _warn_of_ends,
    notices.SEND_JOB: _send_notices,
    accounting.JOB: _account,
    reminding.JOB: _remind,
    sightings_back.JOB: _report_seen,
}

PERIODIC = (
    Periodic("jobs.tidy", 3600),
    Periodic("feeds.settle", 60),
    Periodic(slicing.JOB, 3600),
    Periodic(arrivals.JOB, 3600),
    Periodic(desk.JOB, EVERY_S),
    Periodic(WATCH_JOB, 300),
    Periodic(letters.JOB, 30),
    Periodic(handovers.JOB, 30),
    Periodic(erasing.JOB, _DAY_S),
    Periodic(notices.WARN_JOB, 3600),
    Periodic(notices.SEND_JOB, 60),
    Periodic(accounting.JOB, 60),  # whoever asks meanwhile looks through the pages since
    Periodic(reminding.JOB, 3600),
    Periodic(sightings_back.JOB, 300),
)


def put_due(work: Work) -> int:
    """Ask for what is due now, each once in its slot over any number of workers; how many jobs."""
    put = due.put_due(work)
    seconds = to_us(work.now) // 1_000_000
    for each in PERIODIC:
        slot = f"{each.kind}-{seconds // each.every_s}"
        put += jobs.put(work.session, each.kind, {}, run_at=work.now, slot=slot)
    return put
