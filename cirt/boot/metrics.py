"""``/metrics`` in the text format of Prometheus 0.0.4: counts and times, slugs and numbers, nothing that a peer wrote."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import TypeAlias

import sqlalchemy as sa
from flask import Response, current_app, request

from cirt.exchange.cases.queries import quarantine_counts
from cirt.exchange.health import Health, LinkHealth, link_health
from cirt.exchange.watching.alerts import standing
from cirt.exchange.watching.days import Counts, totals
from cirt.exchange.watching.queries import worker_seen_at
from cirt.kernel.jobs import Job
from cirt.kernel.program import Program
from cirt.kernel.settings import Settings
from cirt.kernel.work import SYSTEM, Work
from cirt.sources.health import SourceHealth, source_health

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COUNTED = ("offered", "taken", "known", "held", "refused")

Labels: TypeAlias = Mapping[str, str]
Sample: TypeAlias = tuple[Labels, float]


def metrics() -> Response:
    """For the addresses in the settings alone; for all others there is no such page."""
    program: Program = current_app.extensions["cirt"]
    if not may_read(program.settings, request.remote_addr or ""):
        return Response("Not found\n", 404, mimetype="text/plain")
    with program.work(SYSTEM, write=False) as work:
        text = "".join(_families(work, program.settings))
    return Response(text, content_type=MEDIA_TYPE)


def may_read(settings: Settings, address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings.metrics_allow)


def _families(work: Work, settings: Settings) -> Iterator[str]:
    """A constant number of queries, whatever the number of links."""
    links = link_health(work.session)
    sources = source_health(work.session, settings.connectors)
    lines: list[tuple[LinkHealth | SourceHealth, Labels]] = [
        *((one, _link_labels(one)) for one in links),
        *((one, {"connector": one.name}) for one in sources),
    ]
    up = [(labels, float(one.health is not Health.TROUBLE)) for one, labels in lines]
    yield _family("cirt_sync_up", "gauge", "1 where the last run went well.", up)
    for name, at in (("success", "last_success_at"), ("data", "last_data_at")):
        when = [(labels, getattr(one, at).timestamp()) for one, labels in lines if getattr(one, at)]
        words = f"When {name} came last, in seconds since 1970."
        yield _family(f"cirt_sync_last_{name}_timestamp_seconds", "gauge", words, when)
    done = totals(work.session)
    objects = [
        ({**labels, "outcome": name}, float(getattr(done.get(one.line, Counts()), name)))
        for one, labels in lines
        for name in _COUNTED
    ]
    yield _family("cirt_sync_objects_total", "counter", "Objects by what became of them.", objects)
    waiting = [(_link_labels(one), float(one.waiting)) for one in links]
    yield _family("cirt_sync_waiting_objects", "gauge", "Objects that wait to be sent.", waiting)
    alerts = [one.line for one in standing(work.session)]
    counted = [(labels, float(alerts.count(one.line))) for one, labels in lines]
    yield _family("cirt_sync_alerts", "gauge", "Alerts that stand.", counted)
    kept = [({"outcome": o.value}, float(n)) for o, n in quarantine_counts(work.session).items()]
    yield _family("cirt_quarantine_objects", "gauge", "Arrivals that are not settled.", kept)
    jobs = sa.select(Job.state, sa.func.count()).group_by(Job.state)
    states = [({"state": state.value}, float(n)) for state, n in work.session.execute(jobs)]
    yield _family("cirt_jobs", "gauge", "Jobs by state; done ones are kept for a week.", states)
    seen = worker_seen_at(work.session)
    ended: list[Sample] = [({}, seen.timestamp())] if seen else []
    yield _family(
        "cirt_worker_last_job_timestamp_seconds", "gauge", "When a worker ended a job last.", ended
    )


def _link_labels(one: LinkHealth) -> Labels:
    return {"link": str(one.id), "peer": one.peer, "direction": one.direction.value}


def _family(name: str, kind: str, words: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{said}}} {value:.15g}" if said else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
