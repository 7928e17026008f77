"""The queue: its views, filters and orders; what it says of likeness and of those we wait for; what it asks."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.settings import read_settings
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, Actor
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bulk.commands import ConfirmBulk, TickReports
from cirt.register.bulk.models import BulkDo
from cirt.register.bulk.queries import bulk_view
from cirt.register.bulk.service import confirm_bulk, tick_reports
from cirt.register.commands import ClaimReport, MarkSpam, NameSector, TakeReport
from cirt.register.dialogue.commands import AskReporter, TakeAnswer
from cirt.register.errors import ReportChanged
from cirt.register.intake import take_report
from cirt.register.merging.commands import Merge
from cirt.register.merging.service import merge_report
from cirt.register.models import Affected, Lane, Report, ReportSource, ReportState, Severity
from cirt.register.pages import Page
from cirt.register.queue.counts import queue_counts
from cirt.register.queue.filters import QueueFilter, QueueSort, QueueView
from cirt.register.queue.lines import QueueRow, queue
from cirt.register.queue.opened import open_report
from cirt.register.queue.reading import report_view, view_beside
from cirt.register.triage.sector import name_sector
from cirt.register.urgency.targets import Targets, targets_of
from tests.support.asked import asked_of
from tests.support.register import a_person, a_report

MAIL = (
    "Dear colleagues, on Monday a mail asked our staff to confirm their mailbox. Two of them typed their "
    "password there. Later somebody read their letters. We changed both passwords. What else should we do?"
)
HOUR = Targets()
LIKELY = QueueFilter(view=QueueView.LIKELY)


@pytest.fixture
def amina(program: Program) -> Actor:
    return a_person(program, "Amina", Role.TRIAGE)


def page_of(
    program: Program, actor: Actor, wanted: QueueFilter, targets: Targets = HOUR, **more: Any
) -> Page[QueueRow]:
    with program.work(actor, write=False) as work:
        return queue(work, wanted, targets=targets, **more)


def references(program: Program, actor: Actor, *args: Any, **wanted: Any) -> list[str]:
    return [one.reference for one in page_of(program, actor, QueueFilter(**wanted), *args).rows]


def some_targets(**minutes: int) -> Targets:
    given = " ".join(f"{name}={each}" for name, each in minutes.items())
    return targets_of(read_settings({"CIRT_FIRST_LOOK": given}, Path("/nowhere")))


# --- filters and orders ---


def test_the_queue_is_narrowed_by_lane_and_sector(program: Program, amina: Actor) -> None:
    water = a_report(program, "Pumps", lane=Lane.OPERATOR, sector="water").reference
    energy = a_report(program, "Meters", lane=Lane.OPERATOR, sector="energy").reference
    person = a_report(program, "A fee", lane=Lane.CITIZEN).reference

    assert references(program, amina, lane=Lane.OPERATOR) == [water, energy]
    assert references(program, amina, lane=Lane.CITIZEN) == [person]
    assert references(program, amina, sector="water") == [water]
    assert references(program, amina, lane=Lane.CITIZEN, sector="water") == []


def test_the_queue_is_sorted_by_age_either_way(
    program: Program, amina: Actor, clock: FakeClock
) -> None:
    found = []
    for number in range(3):
        found.append(a_report(program, f"Report {number}").reference)
        clock.forward(minutes=1)
    for reference in found[:2]:
        with program.work(amina) as work:
            service.mark_spam(work, MarkSpam(reference, 1))
        clock.forward(minutes=1)
    late = a_report(program, "One more").reference

    assert references(program, amina) == [found[2], late]
    assert references(program, amina, sort=QueueSort.NEWEST) == [late, found[2]]
    assert references(program, amina, view=QueueView.DECIDED) == [found[1], found[0]]
    oldest = references(program, amina, view=QueueView.DECIDED, sort=QueueSort.OLDEST)
    assert oldest == [found[0], found[1]]


def test_the_most_urgent_is_the_one_whose_target_ends_first(
    program: Program, amina: Actor, clock: FakeClock
) -> None:
    plain = a_report(program, "An old one").reference
    clock.forward(minutes=20)
    pumps = a_report(
        program, "Pumps", lane=Lane.OPERATOR, ongoing=True, affected=(Affected.SERVICE,)
    ).reference
    desk = a_report(program, "By telephone", actor=amina, source=ReportSource.DESK).reference
    targets = some_targets(**{"desk": 30, "operator+critical": 15})

    urgent = page_of(program, amina, QueueFilter(sort=QueueSort.URGENT), targets)

    assert [row.reference for row in urgent.rows] == [pumps, desk, plain]
    minutes = [row.target // timedelta(minutes=1) for row in urgent.rows]
    assert minutes == [15, 30, 60]
    clock.forward(minutes=16)
    assert references(program, amina, targets, is_late=True) == [pumps]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_pages_by_target_hold_every_report_once_in_order_and_lead_back(
    program: Program, amina: Actor, clock: FakeClock, data: st.DataObject
) -> None:
    """Whatever waits by then: each example adds a few."""
    for _ in range(data.draw(st.integers(1, 4))):
        lane = data.draw(st.sampled_from([None, *Lane]))
        with program.work(PUBLIC) as work:
            take_report(work, TakeReport("Something", lane=lane))
        clock.forward(minutes=data.draw(st.integers(0, 20)))
    targets = some_targets(operator=5, citizen=data.draw(st.integers(1, 600)), low=30)
    wanted, limit = QueueFilter(sort=QueueSort.URGENT), data.draw(st.integers(1, 5))

    pages = [page_of(program, amina, wanted, targets, limit=limit)]
    while pages[-1].after:
        pages.append(page_of(program, amina, wanted, targets, limit=limit, cursor=pages[-1].after))
    rows = [row for page in pages for row in page.rows]

    due = [row.received_at + row.target for row in rows]
    assert due == sorted(due)
    assert len({row.reference for row in rows}) == len(rows) == pages[0].total
    for earlier, later in pairwise(pages):
        back = page_of(program, amina, wanted, targets, limit=limit, cursor=later.before)
        assert back.rows == earlier.rows


def test_somebody_names_the_sector_where_the_sender_did_not(program: Program, amina: Actor) -> None:
    report = a_report(program)

    with program.work(amina) as work:
        name_sector(work, NameSector(report.reference, 1, "water"))
        with pytest.raises(ReportChanged):
            name_sector(work, NameSector(report.reference, 1, "energy"))

    assert references(program, amina, sector="water") == [report.reference]


# --- likeness ---


def test_likely_duplicates_have_a_tab_and_say_of_which_report(
    program: Program, amina: Actor
) -> None:
    first = a_report(program, MAIL).reference
    second = a_report(program, MAIL).reference
    a_report(program, "The web shop was slow all night, and nobody knows why that was.")
    third = a_report(program, f"Good morning. {MAIL} Thank you!").reference

    rows = page_of(program, amina, LIKELY).rows
    with program.work(amina, write=False) as work:
        counts = queue_counts(work)

    assert [row.reference for row in rows] == [second, third]
    likes = [row.duplicate for row in rows if row.duplicate]
    assert [like.reference for like in likes] == [first, second]
    assert likes[0].share == 100
    assert 50 <= likes[1].share < 100
    assert (counts.waiting, counts.likely, counts.mine) == (4, 2, 0)


def test_one_address_in_two_different_stories_is_no_duplicate_two_are(
    program: Program, amina: Actor
) -> None:
    a_report(program, "198.51.100.7 and hxxp://evil[.]example/a were in our logs")
    a_report(program, "Our camera talks to 198.51.100.7 each minute, is that known?")
    both = a_report(program, "Who knows http://evil.example/a or 198.51.100.7?").reference

    [row] = page_of(program, amina, LIKELY).rows

    assert row.reference == both
    assert row.duplicate
    assert row.duplicate.share < 25


def test_nothing_is_like_a_report_that_one_may_not_see(program: Program, amina: Actor) -> None:
    lead = a_person(program, "Irena", Role.LEAD)
    red = a_report(program, MAIL, actor=lead, source=ReportSource.DESK, tlp=Tlp.RED)
    plain = a_report(program, MAIL)
    after = a_report(program, MAIL, actor=lead, source=ReportSource.DESK, tlp=Tlp.RED)

    assert page_of(program, amina, LIKELY).rows == []
    [row] = page_of(program, lead, LIKELY).rows
    assert row.duplicate
    assert (row.reference, row.duplicate.reference) == (after.reference, plain.reference)
    with program.work(lead, write=False) as work:
        seen = {one.reference for one in report_view(work, plain.reference).duplicates}
    assert seen == {red.reference, after.reference}


def test_what_is_merged_is_likely_the_same_as_what_it_is_shown_through(
    program: Program, amina: Actor
) -> None:
    first, second, third = (a_report(program, MAIL).reference for _ in range(3))
    with program.work(amina) as work:
        merge_report(work, Merge(second, 1, first, "The same"))

    [row] = page_of(program, amina, LIKELY).rows
    assert row.duplicate
    assert (row.reference, row.duplicate.reference) == (third, first)
    with program.work(amina) as work:
        merge_report(work, Merge(first, 1, third, "The same"))
    assert page_of(program, amina, LIKELY).rows == []


def test_the_rest_of_a_wave_is_maybe_spam_once_one_of_it_was(
    program: Program, amina: Actor
) -> None:
    wave = [a_report(program, MAIL).reference for _ in range(4)]
    stranger = a_report(
        program, "A printer printed pages nobody sent to it.", contact="+41 5551234"
    )
    again = a_report(program, "Now another one prints too, all night.", contact="+41 5551234")
    with program.work(amina) as work:
        service.mark_spam(work, MarkSpam(wave[1], 1))
        service.mark_spam(work, MarkSpam(stranger.reference, 1))

    rows = page_of(program, amina, QueueFilter()).rows

    assert {row.reference for row in rows if row.spam} == {
        wave[2],
        wave[3],
        wave[0],
        again.reference,
    }


def test_ticked_duplicates_can_be_merged_into_the_earlier_one_that_was_not_ticked(
    program: Program, amina: Actor
) -> None:
    first, second, third = (a_report(program, MAIL).reference for _ in range(3))
    with program.work(amina) as work:
        service.claim_report(work, ClaimReport(first, 1))
        act = tick_reports(work, TickReports(BulkDo.MERGE, (second, third)))

    with program.work(amina) as work:
        assert [one.reference for one in bulk_view(work, act.id).earlier] == [first]
        confirm_bulk(work, ConfirmBulk(act.id, "The same", first))

    assert references(program, amina) == [first]
    with program.work(amina, write=False) as work:
        assert {one.reference for one in report_view(work, first).merged_here} == {second, third}


def test_a_report_beside_the_queue_is_told_what_it_is_told_alone(
    program: Program, amina: Actor
) -> None:
    one, other, merged = (a_report(program, f"{MAIL} 198.51.100.7 evil.example") for _ in range(3))
    with program.work(amina) as work:
        merge_report(work, Merge(merged.reference, merged.version, one.reference, "The same"))

    with program.work(amina, write=False) as work:
        for reference in (one.reference, other.reference, merged.reference):
            opened = open_report(work, reference)
            beside = view_beside(work, opened, queue(work, QueueFilter(), also=opened))
            alone = report_view(work, reference)
            assert [row.known for row in beside.observables] == [
                row.known for row in alone.observables
            ]
            assert (beside.hits, beside.waits, beside.duplicates) == (
                alone.hits,
                alone.waits,
                alone.duplicates,
            )


# --- those we wait for ---


def test_the_queue_says_since_when_a_reporter_owes_an_answer(
    program: Program, amina: Actor, clock: FakeClock
) -> None:
    with program.work(PUBLIC) as work:
        report, code = take_report(work, TakeReport(MAIL))
    asked_at = clock.now()
    with program.work(amina) as work:
        service.ask_reporter(work, AskReporter(report.reference, "Which mailbox?"))
    clock.forward(minutes=5)
    with program.work(amina) as work:
        service.ask_reporter(work, AskReporter(report.reference, "And since when?"))

    [row] = page_of(program, amina, QueueFilter()).rows
    assert row.waits.asked_at == asked_at
    clock.forward(minutes=5)
    with program.work(PUBLIC) as work:
        service.take_answer(work, TakeAnswer(report.reference, code, "The one for invoices."))
    [row] = page_of(program, amina, QueueFilter()).rows
    assert row.waits.asked_at is None


# --- what the database is asked ---

WANTED: dict[str, QueueFilter] = {
    "waiting": QueueFilter(),
    "newest": QueueFilter(sort=QueueSort.NEWEST),
    "urgent": QueueFilter(sort=QueueSort.URGENT),
    "mine": QueueFilter(view=QueueView.MINE),
    "likely": LIKELY,
    "decided": QueueFilter(view=QueueView.DECIDED),
    "late": QueueFilter(is_late=True),
    "narrowed": QueueFilter(
        source=ReportSource.FORM, lane=Lane.FIRM, sector="water", tlp=Tlp.AMBER
    ),
}
# What is read whole is made of what stands in the statement, or is empty on most days.
_MAY_BE_READ = (
    "below",
    "asked",
    "anon",
    "CONSTANT ROW",
    "ourselves",  # one row
    "(subquery",
    "SUBQUERY",
    "incident_merge",
    "report_merge",
    "ix_warned_value_network",
)


def plans(program: Program, actor: Actor, act: Callable[[Any], Any]) -> list[str]:
    """How SQLite goes about each statement, without any figures about its tables."""
    with asked_of(program.engine) as asked, program.work(actor, write=False) as work:
        act(work)
    with program.engine.connect() as connection:
        return [
            step[3]
            for statement, values in asked
            if statement.startswith(("SELECT", "WITH"))
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]


def scans(steps: list[str]) -> list[str]:
    """Steps that read a table whole; the index of what waits may be read in its order, and so what a page counts."""
    whole = [step for step in steps if re.match(r"SCAN (?!json_each|fitting)", step)]
    return [
        step
        for step in whole
        if "ix_report_waiting" not in step and not any(word in step for word in _MAY_BE_READ)
    ]


@pytest.mark.parametrize("name", WANTED)
def test_no_line_of_the_queue_makes_sqlite_read_all_reports(
    program: Program, amina: Actor, name: str
) -> None:
    if program.engine.name != "sqlite":
        pytest.skip("PostgreSQL decides by what is in the table")
    for number in range(3):
        a_report(program, f"{MAIL} 198.51.100.{number} evil.example", contact="a@b.example")

    steps = plans(program, amina, lambda work: queue(work, WANTED[name]))

    assert scans(steps) == []
    if name != "decided":
        assert any("ix_report_waiting" in step for step in steps)
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps if "report_waiting" in step)


def test_neither_pane_nor_counts_make_sqlite_read_all_reports(
    program: Program, amina: Actor
) -> None:
    if program.engine.name != "sqlite":
        pytest.skip("PostgreSQL decides by what is in the table")
    reports = [a_report(program, f"{MAIL} 198.51.100.{n} evil.example") for n in range(3)]

    steps = plans(program, amina, lambda work: report_view(work, reports[1].reference))
    steps += plans(program, amina, queue_counts)

    assert scans(steps) == []


def test_the_first_guess_and_the_sector_are_kept_as_they_came(program: Program) -> None:
    report = a_report(
        program, lane=Lane.OPERATOR, ongoing=True, affected=(Affected.OFFICE,), sector="energy"
    )

    with program.work(PUBLIC, write=False) as work:
        kept = work.session.get_one(Report, report.id)
    assert (kept.first_guess, kept.sector, kept.state) == (
        Severity.HIGH,
        "energy",
        ReportState.RECEIVED,
    )
