"""``cirt sync status`` and ``cirt sync check``: how links and connectors go, and whether everything is here."""

import sys
from typing import Any

from cirt.cli.console import Console
from cirt.exchange.complete.again import begin_again, run_again
from cirt.exchange.complete.queries import CheckView, check_view
from cirt.exchange.complete.service import new_check, run_check
from cirt.exchange.health import link_health
from cirt.exchange.watching.alerts import StandingAlert, standing
from cirt.exchange.watching.days import Counts
from cirt.exchange.watching.reasons import reasons_of
from cirt.exchange.watching.rules import ALERT_WORDS, in_english
from cirt.exchange.watching.telling import Told
from cirt.sources.health import source_health


def show_status(console: Console) -> None:
    """Every link and every connector in use, with the facts of the page."""
    program = console.program()
    with console.work(write=False) as work:
        alerts = standing(work.session)
        links = link_health(work.session)
        sources = source_health(work.session, program.settings.connectors)
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "peer": one.peer,
            "direction": one.direction.value,
            "remote": one.remote,
            "from": one.collection,
            "every_s": one.every_s,
            "state": one.health.value,
            "last_success": one.last_success_at,
            "last_data": one.last_data_at,
            "waiting": one.waiting,
            **_last(one.last_run, one.told),
            "alerts": _alerts(alerts, one.line),
            "problem": one.sentence or None,
        }
        for one in links
    ]
    rows += [
        {
            "id": None,
            "peer": one.peer,
            "direction": "connector",
            "remote": one.name,
            "from": None,
            "every_s": None,
            "state": one.health.value,
            "last_success": one.last_success_at,
            "last_data": one.last_data_at,
            "waiting": None,
            **_last(one.last_run, one.told),
            "alerts": _alerts(alerts, one.line),
            "problem": one.error or None,
        }
        for one in sources
    ]
    if not console.as_json:  # as wide as a terminal is
        rows = [{name: row[name] for name in row if name not in _ONLY_JSON} for row in rows]
    console.show(rows, empty="There are no links yet. Make one with: cirt link add")


_ONLY_JSON = (*Counts.__dataclass_fields__, "reasons")


def _last(run: Any, told: Told | None) -> dict[str, Any]:
    """Of the last run: its counts, why some were not taken, and what it came to."""
    return {
        **{name: getattr(run, name) if run else None for name in Counts.__dataclass_fields__},
        "reasons": {one.code: one.count for one in reasons_of(run.reasons)} if run else {},
        "last_run": told.sentence if told else None,
    }


def _alerts(alerts: list[StandingAlert], line: str) -> str | None:
    said = [
        ALERT_WORDS[one.kind].format(**in_english(one.values)) for one in alerts if one.line == line
    ]
    return " ".join(said) or None


def check_link(console: Console, link_id: int, *, again: bool) -> None:
    """Exits 1 where something is missing, or the manifest could not be read to its end."""
    program = console.program()
    with console.work() as work:
        check_id = new_check(work, link_id).id
    run_check(program, check_id)
    it = _view(console, check_id)
    if again and it.missing:
        with console.work() as work:
            begin_again(work, check_id)
        run_again(program, check_id)
        it = _view(console, check_id)
    _say(console, it)
    if it.missing_count or it.message:
        sys.exit(1)


def _view(console: Console, check_id: int) -> CheckView:
    with console.work(write=False) as work:
        return check_view(work, check_id)


def _say(console: Console, it: CheckView) -> None:
    problem = it.message.format(**it.values) or it.again_message.format(**it.again_values)
    facts = {
        "link": it.link_id,
        "offered": it.offered,
        "held": it.held,
        "taken": it.taken,
        "known": it.known,
        "quarantined": it.quarantined,
        "missing": it.missing_count,
        "missing_ids": [list(one) for one in it.missing],
        "came_again": it.again_came,
        "limited_by": it.limited_by or None,
        "problem": problem or None,
    }
    counts = f"{it.offered} offered, {it.held} held here, {it.quarantined} in quarantine"
    lines = [f"{counts}, {it.missing_count} missing."]
    lines += [f"The walk ended at its limit of {it.limited_by}."] if it.limited_by else []
    lines += [problem] if problem else []
    lines += [f"missing: {stix_id} {version}" for stix_id, version in it.missing]
    console.say(facts, "\n".join(lines))
