"""The report on an agreement: every figure equal to one that is counted by hand, thing by thing."""

from collections import Counter
from datetime import datetime, timedelta

import orjson
import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.models import Quarantined
from cirt.figures.agreements.report import AgreementReport, agreement_report
from cirt.figures.periods import Period, PeriodWrong, read_period
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import codec
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.release.commands import Revoke
from cirt.release.holdings.accounting import account_due
from cirt.release.holdings.handing import note_handed_out
from cirt.release.holdings.models import Exit
from cirt.release.models import ProposalRow
from cirt.release.recalling.revoking import revoke_indicator
from tests.support.browse import signed_in
from tests.support.register import a_person
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    our_indicator,
    published,
    read_page,
)
from tests.support.store import indicator, put, relationship

YEAR = read_period("2026", "", "", datetime(2026, 11, 18).astimezone())


def report(program: Program, peer: Peer, period: Period = YEAR) -> AgreementReport:
    account_due(program)
    with program.work(CONSOLE, write=False) as work:
        return agreement_report(work, f"MOU-2026-{peer.id:04}", period)


def test_what_was_given_is_what_the_pages_held(program: Program, clock: FakeClock) -> None:
    """The reader counts what it gets from the bytes alone; an object once for each marking, once in all."""
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        ours = [our_indicator(work, f"203.0.113.{n}", tlp) for n, tlp in enumerate(_LEVELS)]
        published(work, a_collection(work, peer, other), *ours)
    got: set[tuple[str, str, str]] = set()
    for _ in range(2):  # what is fetched twice counts once
        shown = read_page(program, peer)
        for together in shown.objects:
            for piece in orjson.loads(b"[" + together.body + b"]"):
                if piece["type"] == "indicator":
                    got.add((piece["id"], piece["type"], piece["object_marking_refs"][0]))
    with program.work(CONSOLE) as work:
        extra = our_indicator(work, "203.0.113.99", Tlp.CLEAR)
        [stored] = put(work, extra)
        note_handed_out(work, Exit.EXPORT, peer.id, [stored.version_id])
        revoke_indicator(work, Revoke(ours[0].stix_id, "Wrong"))
    read_page(program, peer)

    found = report(program, peer)

    by_hand = Counter(kind for _, kind, _ in got)
    assert found.given.objects == by_hand["indicator"] + 1 == 5
    assert sum(each.objects for each in found.given.counts) == 5
    assert {each.tlp: each.objects for each in found.given.counts} == {
        Tlp.CLEAR: 2,
        Tlp.GREEN: 2,
        Tlp.AMBER: 1,
    }
    assert found.revocations == 1
    assert report(program, other).given.objects == 0
    clock.forward(days=400)
    assert report(program, peer, read_period("", "", "", clock.now())).given.objects == 0


_LEVELS = (Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN, Tlp.AMBER)


def test_what_was_received_and_refused_is_what_they_sent(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work, types=["indicator"]), a_reader(work, "cert-c")
    first, second = indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.AMBER)
    link = relationship(first.stix_id, second.stix_id)
    sent = [first, indicator(1, tlp=Tlp.GREEN, day=2), second, link]
    with program.work(CONSOLE) as work:
        arrivals = take(work, [one.raw for one in sent], peer=work.session.get_one(Peer, peer.id))
        take(work, [first.raw], peer=work.session.get_one(Peer, other.id))

    found = report(program, peer)

    taken = [one for one, arrival in zip(sent, arrivals, strict=True) if arrival.code is None]
    assert found.received.objects == len({one.stix_id for one in taken}) == 2
    assert found.received.versions == len(taken) == 3
    by_hand = Counter(arrival.code for arrival in arrivals if arrival.code)
    said = {each.reason: each.count for each in found.refusals if each.where == "arrival"}
    assert said == dict(by_hand) == {"type": 1}
    assert report(program, other).received.objects == 0
    with program.work(CONSOLE) as work:
        row = work.session.scalars(sa.select(Quarantined)).one()
        row.settled_at = row.at + timedelta(hours=3)
    [settled] = [each for each in report(program, peer).delays if each.name == "arrival"]
    assert (settled.count, settled.median) == (1, timedelta(hours=3))


def test_it_says_so_while_the_last_pages_are_not_counted(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        published(work, a_collection(work, peer), our_indicator(work))
    read_page(program, peer)
    with program.work(CONSOLE, write=False) as work:
        before = agreement_report(work, f"MOU-2026-{peer.id:04}", YEAR)

    assert before.is_behind
    visitor = signed_in(program, Role.AUDITOR)
    address = f"/agreements/MOU-2026-{peer.id:04}/report.csv?period=2026"
    said = "given,last-pages-not-counted-yet,,yes,"
    assert said in visitor.get(address).get_data(as_text=True)
    assert not report(program, peer).is_behind
    assert said not in visitor.get(address).get_data(as_text=True)


def test_how_long_decisions_took_and_what_the_gate_kept(program: Program, clock: FakeClock) -> None:
    tomas, irena = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    with program.work(CONSOLE) as work:
        wide, narrow = a_reader(work, "wide"), a_reader(work, "narrow", ceiling=Tlp.CLEAR)
        a_collection(work, wide, narrow)
        ours = [our_indicator(work, f"203.0.113.{n}") for n in range(1, 4)]
        put(work, *ours)
    took = [timedelta(hours=h) for h in (1, 5, 2)]
    for one, wait in zip(ours, took, strict=True):
        reference = asked(program, tomas, one.stix_id)
        clock.forward(seconds=wait.total_seconds())
        decided(program, irena, reference)

    found = report(program, narrow)

    [delay] = [each for each in found.delays if each.name == "release"]
    assert (delay.count, delay.median, delay.longest) == (3, sorted(took)[1], max(took))
    with program.work(CONSOLE, write=False) as work:
        rows = work.session.scalars(sa.select(ProposalRow)).all()
    by_hand = Counter(row.rule for row in rows if row.peer_id == narrow.id and row.verdict == "no")
    assert {each.reason: each.count for each in found.refusals} == dict(by_hand) == {"ceiling": 3}
    assert report(program, wide).refusals == []


def test_how_long_they_took_to_fetch(program: Program, clock: FakeClock) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        made = our_indicator(work)
        published(work, a_collection(work, peer), made)
    clock.forward(minutes=20)
    read_page(program, peer)
    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(made.stix_id, "Wrong"))
    clock.forward(hours=2)
    read_page(program, peer)

    delays = {each.name: each for each in report(program, peer).delays}

    assert (delays["fetch"].count, _minutes(delays["fetch"].median)) == (1, 20)
    assert _minutes(delays["revocation-fetch"].longest) == 120


def _minutes(took: timedelta | None) -> int:
    return round((took or timedelta()).total_seconds() / 60)


def test_only_leads_and_auditors_read_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
    reference = f"MOU-2026-{peer.id:04}"
    for role in (Role.TRIAGE, Role.HANDLER, Role.ADMIN):
        actor = a_person(program, role.title(), role)
        with program.work(actor, write=False) as work, pytest.raises(NotAllowed):
            agreement_report(work, reference, YEAR)
    for role, status in ((Role.HANDLER, 403), (Role.LEAD, 200), (Role.AUDITOR, 200)):
        visitor = signed_in(program, role, name=role.title() + "s")
        for path in ("report", "report.csv"):
            assert visitor.get(f"/agreements/{reference}/{path}").status_code == status, (
                role,
                path,
            )


def test_the_page_and_the_csv_tell_the_same_and_refuse_what_is_no_period(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        published(work, a_collection(work, peer), our_indicator(work))
    read_page(program, peer)
    account_due(program)
    visitor = signed_in(program, Role.AUDITOR)
    address = f"/agreements/MOU-2026-{peer.id:04}/report"

    visitor.get(f"{address}?period=2026-Q4")
    csv = visitor.get(f"{address}.csv?period=2026-Q4").get_data(as_text=True)

    assert "given,all,,1,objects" in csv
    assert "given,indicator,green,1,objects" in csv
    for wrong in ("2026-Q5", "zq", "2026-13", "1"):
        assert visitor.get(f"{address}?period={wrong}").status_code == 422
        assert wrong in visitor.text
    assert visitor.get(f"{address}?first=2026-02-30&last=2026-03-01").status_code == 422
    assert visitor.get("/agreements/MOU-1999-0001/report").status_code == 404


@pytest.mark.parametrize(
    ("named", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026-q1", "2026-01-01", "2026-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"),
    ],
)
def test_periods_begin_and_end_with_their_days(named: str, first: str, last: str) -> None:
    period = read_period(named, "", "", YEAR.first)

    assert f"{period.first:%Y-%m-%d}" == first
    assert f"{period.last_day:%Y-%m-%d}" == last
    assert read_period("", first, last, YEAR.first).until == period.until
    with pytest.raises(PeriodWrong):
        read_period("", last, first, YEAR.first)


def test_a_broken_object_of_theirs_is_no_content_here(program: Program) -> None:
    """Reasons are ids of rules and codes; what was in the object stands nowhere."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [b'{"type": "zqsecret", "id": "zqsecret--1"}'], peer=peer)
    found = report(program, peer)
    assert isinstance(codec.read(b"{}"), codec.Refusal)
    assert "zqsecret" not in repr([found.refusals, found.received])
