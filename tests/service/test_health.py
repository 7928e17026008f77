"""Health of links and connectors: told truly, alarmed by habit, checked by manifest, counted for machines."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cirt.boot.app import create_app
from cirt.cli import root
from cirt.exchange.complete import service as complete
from cirt.exchange.complete.again import begin_again, put_again, run_again
from cirt.exchange.complete.errors import CheckBusy, NothingMissing, OnlyReadingChecked
from cirt.exchange.complete.models import CheckState, ManifestCheck
from cirt.exchange.complete.queries import CheckView, check_view
from cirt.exchange.complete.service import new_check, put_check, run_check
from cirt.exchange.health import Health, link_health
from cirt.exchange.links.budget import used_on
from cirt.exchange.links.due import is_busy, put_due
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import Link, LinkDirection, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.watching.alerts import standing
from cirt.exchange.watching.days import Counts, link_line, note_run, trends
from cirt.exchange.watching.models import AlertKind, LineAlert
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.notify.models import Notice
from cirt.notify.notices import send_due
from cirt.parties.models import Peer
from cirt.parties.peers import PeerFacts, add_peer, set_credentials, suspend_peer
from cirt.parties.roles import Role
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.models import CollectionKind
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sources import service as sources
from cirt.sources.setup import ConnectorFailed
from cirt.worker.table import HANDLERS
from tests.support.asked import asked_of
from tests.support.browse import signed_in
from tests.support.databases import Databases
from tests.support.mail import Smtp, smtp_server
from tests.support.plain_peer import plain_peer
from tests.support.register import a_person
from tests.support.release import our_indicator, published
from tests.support.ring import call_it
from tests.support.store import indicator, numbered
from tests.support.sync import a_far_peer, a_link
from tests.support.taxii import PASSWORD, an_indicator, served

DAY = timedelta(days=1)
TODAY = date(2026, 11, 18)


SKIPPED = "2026-11-19T11:00:00.000000Z"  # what is later than a day ahead is no place to go on from


@dataclass(frozen=True)
class Reading:
    """``here`` reads what ``there`` publishes."""

    there: Program
    here: Program
    link_id: int

    def publish(self, value: str) -> str:
        with self.there.work(CONSOLE) as work:
            made = our_indicator(work, value, Tlp.GREEN)
            published(work, find_collection(work.session, "indicators"), made)
            return made.stix_id

    def check(self) -> CheckView:
        with self.here.work(CONSOLE) as work:
            check_id = new_check(work, self.link_id).id
        run_check(self.here, check_id)
        return self.view(check_id)

    def view(self, check_id: int) -> CheckView:
        with self.here.work(CONSOLE, write=False) as work:
            return check_view(work, check_id)

    def skip(self) -> None:
        """As a peer would make us that gives what is new an old date."""
        with self.here.work(CONSOLE) as work:
            link = work.session.get_one(Link, self.link_id)
            link.cursor, link.last_data_at = SKIPPED, None


@pytest.fixture
def reading(
    program: Program, backend: str, databases: Databases, tmp_path: Path, clock: FakeClock
) -> Iterator[Reading]:
    with ExitStack() as stack:
        there = stack.enter_context(databases.program(backend, tmp_path / "there", clock))
        call_it(there, "B")
        url = stack.enter_context(served(there)) + "/taxii2/"
        with there.work(CONSOLE) as work:
            peer = add_peer(work, there.keys, "ex", PeerFacts(name="EX", country="XX"))
            set_credentials(work, "ex", "us", PASSWORD)
            add_agreement(work, AddAgreement(peer="ex", ceiling=Tlp.AMBER))
            made = add_collection(
                work, AddCollection("indicators", "Indicators", CollectionKind.PUBLISHED)
            )
            add_member(work, made, peer)
        near = replace(
            program,
            settings=replace(program.settings, outbound_allow=(ip_network("127.0.0.0/8"),)),
        )
        with near.work(CONSOLE) as work:
            facts = PeerFacts(
                name="CERT B", country="BB", discovery_url=url, username="us", password=PASSWORD
            )
            add_peer(work, near.keys, "cert-b", facts)
            add_agreement(work, AddAgreement(peer="cert-b", ceiling=Tlp.AMBER))
            link = add_link(work, AddLink("cert-b", "indicators", LinkDirection.PULL))
        yield Reading(there, near, link.id)


def watch(program: Program) -> None:
    HANDLERS["links.watch"](program, {})


def a_past(program: Program, link_id: int, clock: FakeClock, days: int = 10) -> None:
    """Data came each day at this hour, the last time now."""
    for left in range(days, -1, -1):
        with program.work(SYSTEM) as work:
            link = work.session.get_one(Link, link_id)
            link.last_data_at = link.last_success_at = work.now
            note_run(work, link_line(link_id), Counts(2, 2), is_failed=False)
        if left:
            clock.forward(days=1)


def test_a_run_in_which_nothing_came_says_so_and_since_when(reading: Reading) -> None:
    reading.publish("198.51.100.7")
    runs = [pull_link(reading.here, reading.link_id) for _ in range(3)]
    visitor = signed_in(reading.here, Role.TRIAGE)

    visitor.get("/sync")

    assert [bool(run.offered) for run in runs][-1] is False
    assert "Nothing new since 18 Nov 12:00" in visitor.text
    assert "Works" in visitor.text
    assert "In 30 days" in visitor.page


def test_a_run_that_took_nothing_of_what_was_offered_says_why(program: Program) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    reason = {"code": "x", "count": 3, "message": "It says {word}.", "values": {"word": "<b>no"}}
    with program.work(CONSOLE) as work:
        link = work.session.get_one(Link, link_id)
        link.last_success_at = work.now
        counts = {"pages": 1, "offered": 3, "taken": 0, "known": 0, "held": 1, "refused": 2}
        facts: dict[str, Any] = {"state": "done", "error_values": {}, "reasons": [reason]}
        work.session.add(
            Run(link_id=link_id, started_at=work.now, ended_at=work.now, **counts, **facts)
        )
    visitor = signed_in(program, Role.TRIAGE)

    for path in ("/sync", f"/sync/links/{link_id}/runs"):
        visitor.get(path)

        assert "3 arrivals, for example: It says" in visitor.text, path
        if path == "/sync":
            assert "/sync/quarantine?peer=cert-b&amp;case=shape" in visitor.page
        assert "<b>no" not in visitor.page
    visitor.get("/sync")
    assert "Takes nothing" in visitor.text
    assert "Offered 3, taken none: 0 known, 1 held, 2 refused." in visitor.text


def test_a_pull_notes_its_day_and_why_some_were_not_taken(reading: Reading) -> None:
    reading.publish("198.51.100.7")
    run = pull_link(reading.here, reading.link_id)

    with reading.here.work(CONSOLE, write=False) as work:
        [day] = trends(work.session, work.now.date())[link_line(reading.link_id)]
        [health] = link_health(work.session)
    assert (day.runs, day.failed, day.taken) == (1, 0, run.taken)
    assert day.last_data_at is not None
    assert day.longest_gap_s is None
    assert health.health is Health.GOOD


def test_a_link_that_is_silent_longer_than_its_habit_is_told_once_and_ends_when_data_comes(
    program: Program, clock: FakeClock
) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    a_person(program, "Irena", Role.LEAD)
    a_past(program, link_id, clock)
    told = []
    for hours in (1, 34, 2, 24):
        clock.forward(hours=hours)
        watch(program)
        with program.work(CONSOLE, write=False) as work:
            told.append([one.kind for one in standing(work.session)])
            [health] = link_health(work.session)
    assert told == [[], [], [AlertKind.SILENT], [AlertKind.SILENT]]
    assert health.health is Health.SILENT
    with program.work(CONSOLE, write=False) as work:
        assert len(work.session.scalars(sa.select(Notice)).all()) == 1
    a_past(program, link_id, clock, days=0)
    watch(program)

    with program.work(CONSOLE, write=False) as work:
        assert standing(work.session) == []
        [row] = work.session.scalars(sa.select(LineAlert))
        assert row.ended_at == work.now


def test_what_a_lead_calls_expected_is_quiet_until_its_cause_was_gone_once(
    program: Program, clock: FakeClock
) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    a_past(program, link_id, clock)
    clock.forward(days=2)
    watch(program)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get("/desk")
    assert "Nothing has come for 2 d; usually it is silent for 36 h at most." in lead.text
    lead.get("/sync/alerts/1/expected")
    lead.send("/sync/alerts/1/expected", reason="  ")
    assert "Say why it is expected" in lead.text

    lead.send("/sync/alerts/1/expected", reason="They move house")
    lead.follow()

    assert "The alert is laid aside" in lead.text
    assert "Nothing has come for" not in lead.text
    assert lead.get("/sync/alerts/1/expected").status_code == 404
    clock.forward(days=1)
    watch(program)
    with program.work(CONSOLE, write=False) as work:
        assert standing(work.session) == []
        assert work.session.get_one(LineAlert, 1).reason == "They move house"
    a_past(program, link_id, clock, days=0)
    watch(program)
    clock.forward(days=9)
    watch(program)
    with program.work(CONSOLE, write=False) as work:
        assert [one.kind for one in standing(work.session)] == [AlertKind.SILENT]


def test_an_alert_of_what_fills_quarantine_leads_there(program: Program, clock: FakeClock) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    with program.work(SYSTEM) as work:
        note_run(work, link_line(link_id), Counts(30, 0, 0, 30, 0), is_failed=False)
    watch(program)
    lead = signed_in(program, Role.LEAD)

    for page in ("/sync", "/desk"):
        lead.get(page)
        assert "30 arrivals of one day were not taken" in lead.text
        assert 'href="/sync/quarantine?peer=cert-b"' in lead.page


def test_a_handler_sees_alerts_and_lays_none_aside(program: Program, clock: FakeClock) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    a_past(program, link_id, clock)
    clock.forward(days=2)
    watch(program)
    handler = signed_in(program, Role.HANDLER)

    handler.get("/sync")

    assert "Nothing has come for" in handler.text
    assert "This is expected" not in handler.text
    assert handler.get("/sync/alerts/1/expected").status_code == 403
    token = handler.form("/sign-out").fields["form_token"][0] if handler.get("/sync") else ""
    data = {"form_token": token, "reason": "x"}
    assert handler.post("/sync/alerts/1/expected", data).status_code == 403


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


def test_leads_get_one_mail_that_names_the_line_and_nothing_that_a_peer_wrote(
    program: Program, clock: FakeClock, smtp: Smtp
) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_port": smtp.port}
    settings = replace(program.settings, mail_from="cert@cirt.example", **given)  # type: ignore[arg-type]  # names and ports
    mailing = replace(program, settings=settings)
    link_id = a_link(program, "http://127.0.0.1:9/")
    a_person(program, "Irena", Role.LEAD)
    a_person(program, "Omar", Role.HANDLER)
    with program.work(CONSOLE) as work:
        link = work.session.get_one(Link, link_id)
        link.error, link.error_values = "peer-failed", {"status": 503, "words": "zq-their-words"}
    clock.forward(hours=2)
    for _ in range(3):
        watch(mailing)

    assert [send_due(mailing), send_due(mailing)] == [1, 0]

    [mail] = smtp.taken
    said = mail.decode()
    assert "To: irena@ex-cirt.example" in said
    assert "CERT-B, c" in said
    assert "It has not worked for 2 h 0 min." in said
    assert "/sync" in said
    assert "zq-their-words" not in said


def test_the_number_of_queries_does_not_grow_with_the_number_of_links(program: Program) -> None:
    lead = signed_in(program, Role.LEAD)
    counted = []
    with program.work(CONSOLE) as work:
        a_far_peer(program, work, "http://127.0.0.1:9/")
    for wanted in (1, 12):
        with program.work(CONSOLE) as work:
            for number in range(wanted):
                remote = f"c{wanted}-{number}"
                made = add_link(work, AddLink("cert-b", remote, LinkDirection.PULL))
                note_run(work, link_line(made.id), Counts(1, 1), is_failed=False)
                a_run(work, made.id)
        with asked_of(program.engine) as asked:
            assert lead.get("/sync").status_code == 200
        counted.append(len(asked))

    assert counted[0] == counted[1]
    with program.work(CONSOLE, write=False) as work:
        runs = [one.last_run for one in link_health(work.session)]
        assert sorted(run.link_id for run in runs if run) == list(range(1, 14))


def a_run(work: Work, link_id: int) -> None:
    ended: dict[str, Any] = {"state": RunState.DONE, "error_values": {}, "ended_at": work.now}
    work.session.add(Run(link_id=link_id, started_at=work.now, offered=1, taken=1, **ended))


def test_a_check_finds_what_is_missing_and_exactly_that_is_asked_for_again(
    reading: Reading,
) -> None:
    reading.publish("198.51.100.7")
    pull_link(reading.here, reading.link_id)
    assert reading.check().missing_count == 0
    reading.skip()
    lost = reading.publish("198.51.100.8")
    pull_link(reading.here, reading.link_id)

    found = reading.check()

    assert [one[0] for one in found.missing] == [lost]
    assert (found.missing_count, found.offered) == (1, found.held + 1)
    with reading.here.work(CONSOLE) as work:
        begin_again(work, found.id)
    run_again(reading.here, found.id)
    after = reading.view(found.id)
    assert (after.missing_count, after.again_came, after.missing) == (0, 1, [])
    with reading.here.work(CONSOLE, write=False) as work:
        run = work.session.scalars(sa.select(Run).order_by(Run.id.desc())).first()
        assert run is not None
        assert (run.offered, run.taken) == (1, 1)
        assert work.session.get_one(Link, reading.link_id).cursor == SKIPPED
    assert reading.check().missing_count == 0


def test_a_check_of_a_peer_that_does_not_answer_says_why(program: Program) -> None:
    link_id = a_link(program, "http://192.0.2.1/taxii2/")
    with program.work(CONSOLE) as work:
        check_id = new_check(work, link_id).id
        with pytest.raises(CheckBusy):
            new_check(work, link_id)
    run_check(program, check_id)

    with program.work(CONSOLE) as work:
        it = check_view(work, check_id)
        assert it.state is CheckState.FAILED
        assert it.message
        with pytest.raises(NothingMissing):
            begin_again(work, check_id)
        push = add_link(work, AddLink("cert-b", "c", LinkDirection.PUSH)).id
        with pytest.raises(OnlyReadingChecked):
            new_check(work, push)


@pytest.mark.parametrize("left", ["asked", "again"])
def test_a_check_that_was_killed_keeps_nobody_from_checking_again(
    program: Program, clock: FakeClock, left: str
) -> None:
    link_id = a_link(program, "http://192.0.2.1/taxii2/")
    with program.work(CONSOLE) as work:
        check = new_check(work, link_id)
        if left == "again":
            check.state, check.again_state = CheckState.DONE, CheckState.RUNNING
            work.session.add(Run(link_id=link_id, started_at=work.now, error_values={}))
        check_id = check.id
    with program.work(CONSOLE) as work:
        assert check_view(work, check_id).is_at_work
        with pytest.raises(CheckBusy):
            new_check(work, link_id)

    clock.forward(hours=2)

    with program.work(CONSOLE) as work:
        it = check_view(work, check_id)
        assert not it.is_at_work
        assert "broken off" in (it.again_message if left == "again" else it.message)
        new_check(work, link_id)


def test_a_check_that_somebody_ends_at_the_console_is_at_its_end(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    link_id = a_link(program, "http://192.0.2.1/taxii2/")
    monkeypatch.setattr(complete, "check_may_run", interrupted)
    with program.work(CONSOLE) as work:
        check_id = new_check(work, link_id).id
    with pytest.raises(KeyboardInterrupt):
        run_check(program, check_id)

    with program.work(CONSOLE) as work:
        assert "broken off" in check_view(work, check_id).message
        new_check(work, link_id)


def test_why_what_is_missing_did_not_come_is_said(reading: Reading) -> None:
    lost = reading.publish("198.51.100.8")
    found = reading.check()
    assert lost in [one[0] for one in found.missing]
    with reading.here.work(CONSOLE) as work:
        begin_again(work, found.id)
        suspend_peer(work, work.session.get_one(Peer, 1).slug)
    run_again(reading.here, found.id)

    lead = signed_in(reading.here, Role.LEAD)
    lead.get(f"/sync/checks/{found.id}")
    assert "the peer is suspended" in lead.text
    assert "does not send it" not in lead.text


def test_a_check_counts_what_the_link_carries_and_what_it_costs(program: Program) -> None:
    mixed = [
        {**indicator(n).content(), "id": numbered(kind, n), "type": kind}
        for n, kind in enumerate(("indicator", "malware", "indicator", "tool"), start=1)
    ]
    for knows_types in (True, False):
        with plain_peer(mixed, knows_types=knows_types) as peer:
            link_id = a_link(
                program, f"{peer.base}/taxii2/", types=("indicator",), slug=f"c{knows_types:d}"
            )
            with program.work(CONSOLE) as work:
                check_id = new_check(work, link_id).id
            run_check(program, check_id)
            asked = len(peer.requests)
            with program.work(CONSOLE) as work:
                it, cost = check_view(work, check_id), used_on(work.session, link_id, TODAY)
                work.session.get_one(Link, link_id).day_bytes = cost
                next_id = new_check(work, link_id).id
            run_check(program, next_id)
            assert len(peer.requests) == asked  # nothing more is asked for on that day

        assert (it.state, it.offered, it.missing_count) == (CheckState.DONE, 2, 2)
        assert cost > 1000
        with program.work(CONSOLE, write=False) as work:
            assert "Resting until midnight" in check_view(work, next_id).message


def test_ordinary_runs_wait_while_what_is_missing_is_asked_for(program: Program) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    with program.work(CONSOLE) as work:
        check = ManifestCheck(
            link_id=link_id,
            state=CheckState.DONE,
            asked_by="x",
            asked_at=work.now,
            missing=[["indicator--1", "2026-01-01T00:00:00.000Z"]],
            missing_count=1,
            error_values={},
        )
        work.session.add(check)
        work.session.flush()
        assert not work.session.scalar(sa.select(is_busy(link_id)))
        put_again(work, check.id)

        assert work.session.scalar(sa.select(is_busy(link_id)))
        assert put_due(work) == 0
        with pytest.raises(CheckBusy):
            put_again(work, check.id)


def test_a_lead_asks_for_a_check_and_reads_what_it_found(reading: Reading) -> None:
    lost = reading.publish("198.51.100.8")
    lead = signed_in(reading.here, Role.LEAD)
    lead.get(f"/sync/links/{reading.link_id}/runs")

    lead.send(f"/sync/links/{reading.link_id}/check")
    lead.follow()

    assert "The worker is at it" in lead.text
    HANDLERS["link.check"](reading.here, {"check": 1})
    lead.get("/sync/checks/1")
    assert lost in lead.text
    lead.send("/sync/checks/1/again")
    lead.follow()
    HANDLERS["link.again"](reading.here, {"check": 1})
    lead.get("/sync/checks/1")
    assert "that were missing have come" in lead.text
    assert "0 missing" in lead.text
    handler = signed_in(reading.here, Role.HANDLER, name="Omar")
    handler.get("/sync")
    data = {"form_token": handler.form("/sign-out").fields["form_token"][0]}
    for path in (f"/sync/links/{reading.link_id}/check", "/sync/checks/1/again"):
        assert handler.post(path, data).status_code == 403, path
    assert handler.get("/sync/checks/99").status_code == 404


def test_connectors_stand_beside_links_with_the_same_facts(
    program: Program, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "one.json").write_text(
        json.dumps({"objects": [an_indicator(1), {"type": "indicator", "id": "broken"}]})
    )
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "vendor", PeerFacts("Vendor", "XV"))
        add_agreement(work, AddAgreement("vendor", ceiling=Tlp.AMBER))
    table = {"stix-folder": {"peer": "vendor", "folder": str(spool)}}
    reads = replace(program, settings=replace(program.settings, connectors=table))
    sources.run_source(reads, SYSTEM, "stix-folder")
    visitor = signed_in(reads, Role.TRIAGE)

    visitor.get("/sync")
    assert "stix-folder" in visitor.text
    assert "Taken 1 of 2" in visitor.text
    sources.run_source(reads, SYSTEM, "stix-folder")
    visitor.get("/sync")
    assert "Nothing new since" in visitor.text
    (spool / "two.json").write_bytes(b"{")
    with pytest.raises(ConnectorFailed):
        sources.run_source(reads, SYSTEM, "stix-folder")
    visitor.get("/sync")
    assert "Trouble" in visitor.text
    assert "two.json" in visitor.text
    visitor.get("/sync/connectors/stix-folder/runs")
    assert "3 runs" in visitor.text
    assert "Nothing was offered" in visitor.text
    assert visitor.get("/sync/connectors/none/runs").status_code == 404


def test_a_connector_that_has_never_worked_is_told_of_too(
    program: Program, clock: FakeClock, tmp_path: Path
) -> None:
    table = {"stix-folder": {"peer": "vendor", "folder": str(tmp_path / "none")}}
    reads = replace(program, settings=replace(program.settings, connectors=table))

    def watched() -> list[AlertKind]:
        with pytest.raises(ConnectorFailed):
            sources.run_source(reads, SYSTEM, "stix-folder")
        HANDLERS["links.watch"](reads, {})
        with program.work(SYSTEM, write=False) as work:
            return [one.kind for one in standing(work.session)]

    assert watched() == []
    clock.forward(minutes=10)
    assert watched() == []
    clock.forward(minutes=10)
    assert watched() == [AlertKind.FAILING]


def test_metrics_are_for_the_addresses_in_the_settings_alone(program: Program) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    with program.work(CONSOLE) as work:
        work.session.get_one(Link, link_id).last_success_at = work.now
        note_run(work, link_line(link_id), Counts(5, 3, 1, 1), is_failed=False)
    open_ = replace(
        program, settings=replace(program.settings, metrics_allow=(ip_network("127.0.0.0/8"),))
    )

    closed = create_app(program).test_client().get("/metrics")
    client = create_app(open_).test_client()
    answer = client.get("/metrics")
    other = client.get("/metrics", environ_base={"REMOTE_ADDR": "198.51.100.9"})

    assert (closed.status_code, other.status_code, answer.status_code) == (404, 404, 200)
    said = answer.get_data(as_text=True)
    labels = f'link="{link_id}",peer="cert-b",direction="pull"'
    assert f"cirt_sync_up{{{labels}}} 1" in said
    assert f'cirt_sync_objects_total{{{labels},outcome="taken"}} 3' in said
    assert "# TYPE cirt_sync_objects_total counter" in said
    assert all(line.startswith("#") or line.count(" ") == 1 for line in said.splitlines())


def test_the_console_tells_the_same_and_exits_1_while_something_is_missing(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = reading.publish("198.51.100.8")
    monkeypatch.setattr("cirt.cli.console.load_program", lambda _settings: reading.here)
    monkeypatch.setenv("CIRT_DATA_DIR", str(reading.here.settings.data_dir))

    def said(*words: str) -> tuple[int, Any]:
        answer = CliRunner().invoke(root, ["--json", *words])
        return answer.exit_code, json.loads(answer.stdout)

    code, found = said("sync", "check", str(reading.link_id))
    assert (code, lost in [one[0] for one in found["missing_ids"]]) == (1, True)
    code, found = said("sync", "check", str(reading.link_id), "--again")
    assert (code, found["missing"]) == (0, 0)
    code, [line] = said("sync", "status")
    assert (code, line["state"], line["refused"]) == (0, "good", 0)
    assert line["last_run"].startswith("Everything offered was taken")
    assert CliRunner().invoke(root, ["sync", "check"]).exit_code == 2


def test_put_check_asks_the_worker_once(program: Program) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/")
    with program.work(CONSOLE) as work:
        put_check(work, link_id)
        with pytest.raises(CheckBusy):
            put_check(work, link_id)
