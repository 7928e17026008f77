"""Links: schedules, filters, daily shares, choices, estimates, patience, and a first run that leaves room."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.health import Health, LinkHealth, link_health
from cirt.exchange.links.budget import used_on
from cirt.exchange.links.due import put_due
from cirt.exchange.links.estimating import Estimate, OnlyForPull, estimate_link
from cirt.exchange.links.filtering import is_wanted
from cirt.exchange.links.now import LinkBusy, LinkWaits, run_now
from cirt.exchange.links.probing import ask_estimate, ask_rehearsal
from cirt.exchange.links.service import (
    AddLink,
    NothingToChoose,
    ShareTooSmall,
    Terms,
    TypeWrong,
    add_link,
    begin_link,
    change_link,
    find_link,
    pause_link,
    resume_link,
    terms_of,
    try_again,
)
from cirt.exchange.models import Link, LinkDirection, Outgoing, Run, RunState
from cirt.exchange.pulling import pull
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing.push import push_link
from cirt.exchange.pushing.queuing import queue
from cirt.exchange.queries import lines_in_trouble, next_try
from cirt.exchange.runs import Caps
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.exchange.timing.cron import CronWrong
from cirt.exchange.watching.telling import Came
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.jobs import Job, JobState
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, SYSTEM
from cirt.release.collections import remove_member
from cirt.worker.loop import run_one
from tests.support.hostile import hostile
from tests.support.plain_peer import COLLECTION, plain_peer
from tests.support.release import a_collection, our_indicator, published
from tests.support.store import indicator, numbered
from tests.support.sync import a_far_peer, a_link, have

FAR = "http://127.0.0.1:9/taxii2/"
CAPS = Caps(page_size=2)
SIX = [indicator(n).content() for n in range(1, 7)]


def malware(number: int) -> dict[str, Any]:
    return {
        "type": "malware",
        "spec_version": "2.1",
        "id": numbered("malware", number),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"Malware {number}",
        "is_family": False,
    }


def due(program: Program) -> int:
    with program.work(SYSTEM) as work:
        put = put_due(work)
        work.session.execute(sa.update(Job).values(state=JobState.DONE, ended_at=work.now))
        return put


def the_link(program: Program, link_id: int) -> Link:
    with program.work(SYSTEM, write=False) as work:
        return find_link(work.session, link_id)


def health_of(program: Program, link_id: int) -> LinkHealth:
    with program.work(SYSTEM, write=False) as work:
        return next(each for each in link_health(work.session) if each.id == link_id)


def change(program: Program, link_id: int, **changed: Any) -> None:
    with program.work(CONSOLE) as work:
        before = terms_of(find_link(work.session, link_id))
        every = {name: getattr(before, name) for name in Terms.__dataclass_fields__}
        change_link(work, link_id, Terms(**{**every, **changed}))


def test_a_calendar_says_when_a_link_runs(program: Program, clock: FakeClock) -> None:
    clock.at = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)
    link_id = a_link(program, FAR, cron="0 3 * * *")

    assert due(program) == 0
    health = health_of(program, link_id)
    assert next_try(health, clock.now()) == datetime(2026, 11, 19, 3, tzinfo=UTC)
    clock.forward(hours=13)
    assert due(program) == 1
    assert due(program) == 0
    clock.forward(days=3)  # no worker meanwhile: once for all that was missed
    assert (due(program), due(program)) == (1, 0)


def test_terms_that_cannot_be_kept_are_refused(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_far_peer(program, work, FAR)
        for more, wrong in (
            ({"cron": "every day"}, CronWrong),
            ({"types": ("Indicator",)}, TypeWrong),
            ({"types": tuple(f"x-{n}" for n in range(60))}, TypeWrong),
            ({"day_bytes": 5}, ShareTooSmall),
        ):
            with pytest.raises(wrong):
                add_link(work, AddLink("cert-b", "c", LinkDirection.PULL, **more))
    with program.work(PUBLIC) as work:
        with pytest.raises(NotAllowed):
            change_link(work, 1, Terms())
        with pytest.raises(NotAllowed):
            begin_link(work, 1, None)


@pytest.mark.parametrize("knows_types", [True, False])
def test_a_filter_holds_whatever_the_peer_makes_of_it(program: Program, knows_types: bool) -> None:
    mixed = [each for n in range(1, 4) for each in (SIX[n], malware(n))]
    with plain_peer(mixed, knows_types=knows_types) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", types=("malware",))
        run = pull_link(program, link_id, caps=CAPS)

        asked = [path for path in peer.requests if "/objects/" in path]
    assert (run.taken, run.left_out) == (3, 0 if knows_types else 3)
    assert have(program) == []
    assert len(have(program, "malware")) == 3
    assert all(
        "match%5Btype%5D=extension-definition%2Cidentity%2Cmalware" in path for path in asked
    )


def test_a_wider_filter_or_an_earlier_start_reads_what_was_passed_over(program: Program) -> None:
    mixed = [each for n in range(1, 4) for each in (SIX[n], malware(n))]
    with plain_peer(mixed) as peer:
        link_id = a_link(
            program,
            f"{peer.base}/taxii2/",
            types=("malware",),
            since=datetime(2026, 1, 1, 0, 2, 30, tzinfo=UTC),
        )
        pull_link(program, link_id, caps=CAPS)
        assert len(have(program, "malware")) == 2
        change(program, link_id, since=None)
        pull_link(program, link_id, caps=CAPS)
        assert len(have(program, "malware")) == 3
        change(program, link_id, types=())
        pull_link(program, link_id, caps=CAPS)
        assert len(have(program)) == 3
        before = the_link(program, link_id).cursor
        change(program, link_id, types=("malware",))

    assert the_link(program, link_id).cursor == before


@pytest.mark.parametrize("at", ["filter", "start", "collection"])
def test_what_a_run_under_way_passed_over_is_read_though_its_link_is_changed_meanwhile(
    program: Program, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = [each for n in range(1, 6) for each in (SIX[n], malware(n))]
    with plain_peer(mixed) as peer:
        url = f"{peer.base}/taxii2/"
        since = datetime(2026, 1, 1, 0, 3, 30, tzinfo=UTC)
        link_id = a_link(program, url, types=("malware",), since=since)
        seen: list[Any] = []
        new: dict[str, dict[str, Any]] = {
            "filter": {"types": (), "since": None},
            "start": {"since": None},
            "collection": {"since": None, "remote": COLLECTION},
        }

        def changing(read: Any, types: Any) -> bool:
            seen.append(read)
            if len(seen) == 3:  # the first of the second page
                change(program, link_id, **new[at])
            return is_wanted(read, types)

        monkeypatch.setattr("cirt.exchange.pulling.pull.is_wanted", changing)
        first = pull_link(program, link_id, caps=CAPS)
        health = health_of(program, link_id)
        assert (first.state, first.error, first.taken) == (RunState.DONE, "link-changed", 2)
        assert (health.error, next_try(health, program.clock.now())) == (None, program.clock.now())
        second = pull_link(program, link_id, caps=CAPS)

    assert second.error is None
    assert len(have(program, "malware")) == 5
    assert len(have(program)) == (5 if at == "filter" else 0)


def test_a_cursor_that_a_run_has_just_set_is_set_back_by_who_knew_of_none(program: Program) -> None:
    """On PostgreSQL the two are under way at once."""
    with program.work(CONSOLE) as work:
        a_far_peer(program, work, FAR)
        link = add_link(work, AddLink("cert-b", "c", LinkDirection.PULL, types=("malware",)))
    with program.work(CONSOLE) as work:
        read = find_link(work.session, link.id)
        assert read.cursor is None
        work.connection.execute(sa.update(Link).values(cursor="2026-01-01T00:00:00.000Z"))

        assert change_link(work, link.id, Terms()) is read

    assert the_link(program, link.id).cursor is None


def test_a_push_carries_the_types_of_its_filter(program: Program) -> None:
    with plain_peer([]) as peer:
        with program.work(CONSOLE) as work:
            far = a_far_peer(program, work, f"{peer.base}/taxii2/")
            collection = a_collection(work, far)
            [version_id] = published(work, collection, our_indicator(work))
            link_ids = [
                add_link(
                    work,
                    AddLink(far.slug, name, LinkDirection.PUSH, collection.alias, types=(kind,)),
                ).id
                for name, kind in (("a", "malware"), ("b", "indicator"))
            ]
        for link_id in link_ids:
            push_link(program, link_id)
    with program.work(SYSTEM, write=False) as work:
        waiting = sa.select(Outgoing.link_id).where(Outgoing.version_id == version_id)
        assert list(work.session.scalars(waiting)) == [link_ids[1]]


def test_what_waits_when_a_push_is_narrowed_waits_no_more_and_goes_when_it_is_widened(
    program: Program,
) -> None:
    with hostile("good") as peer:
        with program.work(CONSOLE) as work:
            far = a_far_peer(program, work, f"{peer.base}/taxii2/")
            collection = a_collection(work, far)
            made = our_indicator(work)
            versions = published(work, collection, made)
            link = add_link(work, AddLink(far.slug, "c", LinkDirection.PUSH, collection.alias))
            queue(work, link, versions)  # and the peer was away
            take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=far)
            days = (work.now, work.now)
            seen = report_sighting(work, ReportSighting(numbered("indicator", 1), *days))

        change(program, link.id, types=("malware",))
        push_link(program, link.id)
        assert not any(made.stix_id.encode() in body for body in peer.posted)
        assert any(seen.stix_id.encode() in body for body in peer.posted)
        assert health_of(program, link.id).waiting == 0

        change(program, link.id, types=())
        push_link(program, link.id)
        assert any(made.stix_id.encode() in body for body in peer.posted)


def test_a_push_from_a_collection_that_is_closed_to_the_peer_says_so(program: Program) -> None:
    with hostile("good") as peer:
        with program.work(CONSOLE) as work:
            far = a_far_peer(program, work, f"{peer.base}/taxii2/")
            collection = a_collection(work, far)
            link = add_link(work, AddLink(far.slug, "c", LinkDirection.PUSH, collection.alias))
        said = []
        for leave in (False, True):
            if leave:
                with program.work(CONSOLE) as work:
                    remove_member(work, collection, far)
            push_link(program, link.id)
            told = health_of(program, link.id).told
            said.append(told and told.came)

    assert said == [Came.NOTHING_TO_SEND, Came.NO_MEMBER]


def test_two_runs_that_queue_the_same_at_once_let_it_wait_once(program: Program) -> None:
    with program.work(CONSOLE) as work:
        far = a_far_peer(program, work, FAR)
        collection = a_collection(work, far)
        versions = published(work, collection, our_indicator(work))
        link = add_link(work, AddLink(far.slug, "a", LinkDirection.PUSH, collection.alias))
        for _ in range(2):  # each found that it waits not yet
            queue(work, link, versions)
        waiting = sa.select(Outgoing.version_id).where(Outgoing.link_id == link.id)
        assert list(work.session.scalars(waiting)) == versions


def test_a_share_of_a_day_ends_the_run_between_pages_and_the_next_day_goes_on(
    program: Program, clock: FakeClock
) -> None:
    caps = Caps(page_size=2, reads_ahead=False)  # a page that is under way counts too
    clock.at = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)
    with plain_peer(SIX) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", day_bytes=100_000)
        whole = pull_link(program, link_id, dry_run=True, caps=caps)
        cost = used(program, link_id, clock)
        assert (whole.offered, cost > 2000) == (6, True)  # a dry run costs as much
        with program.work(SYSTEM) as work:  # so that two of three pages fit
            work.session.get_one(Link, link_id).day_bytes = cost + cost * 2 // 3

        first = pull_link(program, link_id, caps=caps)

        assert (first.state, first.error, first.taken) == (RunState.DONE, "share-used", 4)
        health = health_of(program, link_id)
        assert health.health is Health.RESTING
        assert "Resting until midnight UTC" in health.sentence
        midnight = datetime(2026, 11, 19, tzinfo=UTC)
        asked = len(peer.requests)
        assert pull_link(program, link_id, caps=caps).error == "share-used"
        with pytest.raises(Exception, match="Resting until midnight"):
            estimate_link(program, link_id)
        assert len(peer.requests) == asked  # nothing more is asked for on that day
        again = next_try(health_of(program, link_id), clock.now())
        assert again is not None
        assert midnight <= again <= midnight + timedelta(minutes=10)
        assert due(program) == 0
        clock.at = again
        assert due(program) == 1
        last = pull_link(program, link_id, caps=caps)

    assert (last.error, last.taken) == (None, 2)
    assert len(have(program)) == 6
    assert health_of(program, link_id).health is Health.GOOD
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(lines_in_trouble()).all() == []


def used(program: Program, link_id: int, clock: FakeClock) -> int:
    with program.work(SYSTEM, write=False) as work:
        return used_on(work.session, link_id, clock.now().date())


def test_what_is_counted_is_what_went_over_the_wire(program: Program, clock: FakeClock) -> None:
    with plain_peer(SIX, page=1000) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        run = pull_link(program, link_id)
    stored = sum(len(str(each)) for each in SIX)

    assert run.taken == 6
    assert stored * 0.8 < used(program, link_id, clock) < stored + 4000


def test_a_failed_link_waits_longer_each_time_and_a_good_run_ends_that(
    program: Program, clock: FakeClock
) -> None:
    with plain_peer(SIX, status=500) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", every_s=600)
        waits = []
        for _ in range(8):
            pull_link(program, link_id)
            link = the_link(program, link_id)
            assert link.retry_at is not None
            waits.append((link.retry_at - clock.now()).total_seconds())
            assert due(program) == 0
            clock.at = link.retry_at
            assert due(program) == 1
        peer.status = 200
        pull_link(program, link_id)

    bounds = [min(60 * 2**n, 3600) for n in range(8)]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    link = the_link(program, link_id)
    assert (link.failures, link.retry_at) == (0, None)


def test_a_peer_that_says_when_to_come_back_is_left_alone_until_then(
    program: Program, clock: FakeClock
) -> None:
    with plain_peer(SIX, status=503, headers={"Retry-After": "7200"}) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", every_s=60)
        pull_link(program, link_id)
        asked = len(peer.requests)
    link = the_link(program, link_id)

    assert (asked, link.error) == (1, "peer-busy")
    assert link.retry_at == clock.now() + timedelta(hours=2)
    clock.forward(seconds=7199)
    assert due(program) == 0
    clock.forward(seconds=1)
    assert due(program) == 1


def test_what_is_not_the_peer_s_fault_makes_nobody_wait(program: Program) -> None:
    link_id = a_link(program, FAR)
    with program.work(CONSOLE) as work:
        find_link(work.session, link_id).retry_at = work.now + timedelta(hours=1)
        pause_link(work, link_id)
    assert pull_link(program, link_id).error == "resting"
    assert the_link(program, link_id).retry_at is None
    with program.work(CONSOLE) as work:
        link = find_link(work.session, link_id)
        for act in (
            lambda: resume_link(work, link_id),
            lambda: try_again(work, "cert-b"),
        ):
            link.failures, link.retry_at = 5, work.now + timedelta(hours=1)
            act()
            assert link.failures == 0
            assert link.retry_at is None


def test_a_link_from_the_desk_waits_until_its_start_is_chosen(program: Program) -> None:
    with plain_peer(SIX) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", waits_for_choice=True)
        assert due(program) == 0
        assert health_of(program, link_id).health is Health.RESTING
        assert pull_link(program, link_id).error == "choice-missing"
        assert peer.requests == []
        with program.work(CONSOLE) as work, pytest.raises(LinkWaits):
            run_now(work, link_id)
        found = estimate_link(program, link_id)  # may be asked before
        assert pull_link(program, link_id, dry_run=True, caps=CAPS).offered == 6
        with program.work(CONSOLE) as work:
            begin_link(work, link_id, datetime(2026, 1, 1, 0, 3, 30, tzinfo=UTC))
            with pytest.raises(NothingToChoose):
                begin_link(work, link_id, None)
        assert due(program) == 1
        pull_link(program, link_id, caps=CAPS)

    assert (found.count, found.is_exact) == (6, True)
    assert len(have(program)) == 2


def test_an_estimate_is_kept_with_the_link_and_so_is_why_there_is_none(
    program: Program, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 11, 18, tzinfo=UTC)
    many = [indicator(n).content() for n in range(1, 2501)]
    with plain_peer(many) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", types=("indicator",))
        found = estimate_link(program, link_id)
        peer.status = 403
        with pytest.raises(Exception, match="does not let us"):
            estimate_link(program, link_id)

    assert (found.count, found.is_exact, found.requests) == (2500, True, 3)
    assert (found.oldest or "").startswith("2026-01-01")
    assert [start.count for start in found.starts] == [
        0,
        0,
    ]  # 30 and 90 days; older than a year: none
    kept = Estimate.from_data(the_link(program, link_id).estimate or {})
    assert kept.error == "forbidden"
    assert used(program, link_id, clock) > found.bytes
    with program.work(CONSOLE) as work:
        out = add_link(work, AddLink("cert-b", "d", LinkDirection.PUSH)).id
    with pytest.raises(OnlyForPull):
        estimate_link(program, out)


def test_the_desk_asks_the_worker_for_an_estimate_and_a_dry_run(program: Program) -> None:
    with plain_peer(SIX) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", waits_for_choice=True)
        with program.work(CONSOLE) as work:
            ask_estimate(work, link_id)
            ask_rehearsal(work, link_id)
            with pytest.raises(LinkBusy):
                ask_estimate(work, link_id)
        while run_one(program):
            pass
    link = the_link(program, link_id)

    assert (link.estimate or {})["count"] == 6
    assert (link.rehearsal or {})["taken"] == 6
    assert have(program) == []
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Run)).all() == []


@pytest.mark.parametrize(("gentle", "rests"), [(True, 2), (False, 0)])
def test_a_large_first_run_by_the_worker_rests_between_its_pages(
    program: Program, clock: FakeClock, gentle: bool, rests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pull, "_LARGE", 2)
    monkeypatch.setattr(clock, "sleep", slept.append)
    with plain_peer(SIX) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, caps=CAPS, gentle=gentle)
        first = len(slept)
        change(program, link_id, types=("indicator",))
        pull_link(program, link_id, caps=CAPS, gentle=gentle)

    assert (first, len(slept)) == (rests, rests)
    assert all(0 < rest <= 2 for rest in slept)
