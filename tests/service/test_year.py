"""The year behind the demo: it is whole, in six languages, and the same each time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from cirt.boot.stage import Stage, Team
from cirt.boot.year import DAYS, Told, tell_year
from cirt.boot.year.texts import Kind, campaigns, small
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.accounts import AddAccount, add_account
from cirt.register import rsit
from cirt.register.models import Incident, IncidentState, Report, ReportState, Severity
from tests.conftest import NOON
from tests.support.databases import Databases

_DECIDED = (ReportState.ACCEPTED, ReportState.ADDED, ReportState.REJECTED, ReportState.SPAM)


def told(program: Program, reports: int) -> Told:
    clock = FakeClock(NOON - timedelta(days=DAYS))
    stage = Stage(Team.VALDORA, replace(program, clock=clock), clock, NOON)
    with stage.program.work(CONSOLE) as work:
        for name, role in Team.VALDORA.people:
            add_account(work, AddAccount(Team.VALDORA.email(name), name, (role,)))
    return tell_year(stage, NOON, reports=reports)


def test_a_year_has_its_campaigns_and_leaves_nothing_half_done(program: Program) -> None:
    found = told(program, 60)

    with program.work(CONSOLE, write=False) as work:
        reports = list(work.session.scalars(sa.select(Report)))
        incidents = list(work.session.scalars(sa.select(Incident)))
        assert (len(reports), len(incidents)) == (found.reports, found.incidents)
        assert {campaign.title for campaign in campaigns()} <= {one.title for one in incidents}
        late = [one for one in reports if one.received_at < NOON - timedelta(days=5)]
        assert all(one.state in _DECIDED for one in late)
        closed = [one for one in incidents if one.state is IncidentState.CLOSED]
        assert len(closed) >= len(campaigns()) - 1
        assert all(one.opened_at < one.closed_at for one in closed if one.closed_at)


def test_the_same_year_is_told_twice(databases: Databases, tmp_path: Path) -> None:
    titles = []
    for name in ("one", "other"):
        with databases.program("sqlite", tmp_path / name, FakeClock(NOON)) as program:
            told(program, 25)
            with program.work(CONSOLE, write=False) as work:
                titles.append(
                    work.session.execute(
                        sa.select(Report.reference, Report.title, Report.received_at, Report.state)
                    ).all()
                )

    assert titles[0] == titles[1]


@pytest.mark.parametrize("kind", [*small(), *campaigns()], ids=lambda kind: kind.title)
def test_what_is_reported_is_whole(kind: Kind) -> None:
    dice = Random(1)
    texts = {kind.text(dice) for _ in range(200)}

    assert not [text for text, _ in texts if "{" in text or "}" in text]
    assert {language for _, language in texts} == set(kind.said["texts"])
    assert rsit.is_known(kind.said["class"], kind.said["type"])
    Severity(kind.said["severity"])


def test_six_languages_are_spoken() -> None:
    spoken = {language for kind in (*small(), *campaigns()) for language in kind.said["texts"]}

    assert spoken == {"ar", "en", "es", "fr", "ru", "zh"}
