"""Sync between two instances and with a small peer: nothing lost, nothing doubled, nothing echoed."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.dates import parse_added
from cirt.exchange.health import link_health
from cirt.exchange.links.service import AddLink, add_link, pause_link
from cirt.exchange.models import Link, LinkDirection, Outgoing, Run, RunState
from cirt.exchange.pulling import pull
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing import push, queuing
from cirt.exchange.pushing.push import push_link
from cirt.exchange.remarks.errors import NoSuchObject
from cirt.exchange.remote import answers
from cirt.exchange.runs import Caps
from cirt.exchange.sightings import (
    GOES,
    NO_LINK,
    OWN,
    CountWrong,
    DaysWrong,
    ReportSighting,
    report_sighting,
)
from cirt.exchange.sync import sync_all
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.clock import FakeClock
from cirt.kernel.db import WRITE
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.peers import (
    PeerFacts,
    add_peer,
    find_peer,
    ourselves,
    set_credentials,
    suspend_peer,
)
from cirt.release.collections import (
    AddCollection,
    add_collection,
    add_member,
    find_collection,
    remove_member,
)
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sharing.gate import release, show
from tests.support.databases import Databases
from tests.support.hostile import hostile, status_code, status_of
from tests.support.release import a_collection, our_indicator, published
from tests.support.ring import call_it
from tests.support.store import indicator, numbered
from tests.support.sync import a_far_peer, a_link, have
from tests.support.taxii import PASSWORD, served

CAPS = Caps(page_size=2)
EVERY = [numbered("indicator", n) for n in range(1, 7)]


def the_link(program: Program, link_id: int) -> Link:
    with program.work(SYSTEM, write=False) as work:
        return work.session.get_one(Link, link_id)


def version_count(program: Program) -> int:
    with program.work(SYSTEM, write=False) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(ObjectVersion)) or 0


def test_a_run_accounts_for_everything_offered(program: Program) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        first = pull_link(program, link_id, caps=CAPS)
        second = pull_link(program, link_id, caps=CAPS)

    assert (first.pages, first.offered, first.taken) == (3, 6, 6)
    assert (second.offered, second.known, second.state) == (6, 6, RunState.DONE)
    assert have(program) == EVERY
    assert the_link(program, link_id).cursor == "2026-01-01T00:00:06.000000Z"


def test_the_run_after_one_that_brought_data_looks_a_minute_back_once(
    program: Program,
) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        runs = [pull_link(program, link_id, caps=CAPS) for _ in range(3)]

    assert [run.offered for run in runs] == [6, 6, 0]


def test_the_whole_walk_keeps_the_filters_of_its_first_request(program: Program) -> None:
    with hostile("good") as peer:
        pull_link(program, a_link(program, f"{peer.base}/taxii2/"), caps=CAPS)

        asked = [path for path in peer.requests if "/objects/" in path]
    assert len(asked) == 3
    assert all("match%5Bversion%5D=all" in path and "limit=2" in path for path in asked)
    assert ["next=" in path for path in asked] == [False, True, True]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_run_that_dies_on_any_page_is_taken_up_without_loss_or_doubling(
    program: Program, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def dying(*args: object, **more: object) -> object:
        arrivals = take(*args, **more)  # type: ignore[arg-type]  # passed on
        seen.append(1)
        if len(seen) == page:
            raise KeyboardInterrupt  # after the work, before the commit
        return arrivals

    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        before = version_count(program)
        monkeypatch.setattr(pull, "take", dying)
        with pytest.raises(KeyboardInterrupt):
            pull_link(program, link_id, caps=CAPS)
        assert len(have(program)) == 2 * (page - 1)
        monkeypatch.undo()
        pull_link(program, link_id, caps=CAPS)

    assert have(program) == EVERY
    assert version_count(program) == before + 6
    with program.work(SYSTEM, write=False) as work:
        dead, alive = work.session.scalars(sa.select(Run).order_by(Run.id)).all()
        assert (dead.state, dead.error, dead.taken) == (
            RunState.FAILED,
            "interrupted",
            2 * page - 2,
        )
        assert alive.state is RunState.DONE


def test_a_run_that_ends_at_its_limit_is_gone_on_with_by_the_next(program: Program) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        short = replace(CAPS, pages=1)
        runs = [pull_link(program, link_id, caps=short) for _ in range(5)]

    assert [run.error for run in runs] == [*["run-too-long"] * 4, None]
    assert have(program) == EVERY


def test_a_dry_run_counts_and_keeps_nothing(program: Program) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")

        run = pull_link(program, link_id, dry_run=True, caps=CAPS)

    assert (run.offered, run.taken, run.state) == (6, 6, RunState.DONE)
    assert have(program) == []
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Run)).all() == []


def test_a_dry_run_holds_the_database_as_the_run_that_it_rehearses(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []

    def noting(act: Callable[..., Any]) -> Callable[..., Any]:
        def noted(work: Work, *args: Any, **more: Any) -> Any:
            modes.append(work.session.connection().get_execution_options()[WRITE])
            return act(work, *args, **more)

        return noted

    monkeypatch.setattr(pull, "take", noting(take))
    monkeypatch.setattr(push, "release", noting(release))
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, dry_run=True)
        with program.work(CONSOLE) as work:
            out = add_link(work, AddLink("cert-b", "c", LinkDirection.PUSH)).id
        assert push_link(program, out, dry_run=True).state is RunState.DONE

    assert modes
    assert all(modes)


def test_a_fault_of_our_own_ends_the_run_and_shows_on_the_link(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(pull, "take", broken)
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        with pytest.raises(ZeroDivisionError):
            pull_link(program, link_id)

    with program.work(SYSTEM, write=False) as work:
        run = work.session.scalars(sa.select(Run)).one()
        assert (run.state, run.error) == (RunState.FAILED, "our-fault")
        [health] = link_health(work.session)
        assert health.message == LINK_ERRORS["our-fault"]


def test_a_page_beyond_all_measure_is_refused_in_a_sentence(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_MOST_MEMBERS", 1)
    with hostile("good") as peer:
        run = pull_link(program, a_link(program, f"{peer.base}/taxii2/"), caps=CAPS)

    assert (run.error, run.error_values) == ("page-too-long", {"limit": 1})
    assert have(program) == []


def test_without_an_agreement_in_force_nothing_is_asked_of_a_peer(
    program: Program, clock: FakeClock
) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        with program.work(CONSOLE) as work:
            suspend_peer(work, "cert-b")
        assert pull_link(program, link_id).error == "resting"
        with program.work(CONSOLE) as work:
            pause_link(work, link_id)
        assert pull_link(program, link_id).error == "resting"

        assert peer.requests == []


def test_a_collection_that_the_peer_does_not_show_is_named(program: Program) -> None:
    with hostile("good") as peer:
        run = pull_link(program, a_link(program, f"{peer.base}/taxii2/", "other"))

    assert (run.error, run.error_values) == ("collection-missing", {"name": "other", "seen": "c"})


def test_a_pull_may_begin_at_a_date(program: Program) -> None:
    with hostile("good") as peer:
        with program.work(CONSOLE, write=False) as work:
            since = work.now.replace(year=2026, month=1, day=1, hour=0, minute=0, second=3)
        pull_link(program, a_link(program, f"{peer.base}/taxii2/", since=since), caps=CAPS)

    assert have(program) == EVERY[3:]


def test_health_says_in_a_sentence_what_is_wrong(program: Program) -> None:
    link_id = a_link(program, "http://127.0.0.1:9/taxii2/")
    pull_link(program, link_id)

    with program.work(CONSOLE, write=False) as work:
        [health] = link_health(work.session)
    assert (health.health, health.error) == ("trouble", "nothing-listens")
    assert "Nothing listens at 127.0.0.1 on port 9" in health.sentence
    assert health.last_run is not None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon"])
def test_a_date_that_is_none_in_utc_is_nonsense(text: str) -> None:
    assert parse_added(text) is None


# Pushing to a small peer


def push_of(program: Program, url: str) -> tuple[int, str]:
    """A link to an inbox with one sighting of the peer's object waiting; the sighting's id."""
    link_id = a_link(program, url, direction=LinkDirection.PUSH)
    with program.work(CONSOLE) as work:
        peer = find_peer(work.session, "cert-b")
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=peer)
        cmd = ReportSighting(numbered("indicator", 1), work.now, work.now, 3)
        return link_id, report_sighting(work, cmd).stix_id


def test_an_answer_that_is_lost_makes_nothing_double(program: Program) -> None:
    with hostile("answer lost") as peer:
        link_id, sighting = push_of(program, f"{peer.base}/taxii2/")

        run = push_link(program, link_id)

        assert (run.state, run.taken) == (RunState.DONE, 1)
        assert len(peer.posted) == 2
        assert peer.posted[0] == peer.posted[1]
        assert sighting.encode() in peer.posted[0]
        assert push_link(program, link_id).offered == 0
        assert len(peer.posted) == 2


def test_what_a_peer_refuses_is_kept_with_its_words_and_not_sent_again(program: Program) -> None:
    with hostile("refuses one") as peer:
        link_id, _ = push_of(program, f"{peer.base}/taxii2/")

        run = push_link(program, link_id)
        push_link(program, link_id)

        assert (run.refused, len(peer.posted)) == (1, 1)
    with program.work(SYSTEM, write=False) as work:
        row = work.session.scalars(sa.select(Outgoing)).one()
        assert (row.failure, row.sent_at) == ("no [31m room", None)


@pytest.mark.parametrize("mode", ["good", "pending"])
@pytest.mark.parametrize("names", [True, False])
def test_what_a_peer_counts_as_failed_and_does_not_name_is_not_called_taken(
    program: Program, mode: str, names: bool
) -> None:
    with hostile(mode) as peer:
        link_id, sighting = push_of(program, f"{peer.base}/taxii2/")
        said = {**status_of("complete", 2), "success_count": 1, "failure_count": 1}
        if names:
            said["successes"] = [{"id": sighting, "version": "x"}]
        peer.acts = {"status" if mode == "pending" else "post": lambda it, _: it._json(said)}

        run = push_link(program, link_id)

    assert (run.state, run.taken, run.refused) == (RunState.DONE, int(names), int(not names))
    with program.work(SYSTEM, write=False) as work:
        failure = work.session.scalars(sa.select(Outgoing.failure)).one()
    assert failure == (None if names else "failure_count: 1, success_count: 1")


@pytest.mark.parametrize("status", [302, 400, 403, 405, 410])
def test_a_peer_that_does_not_let_us_ask_for_a_status_has_what_we_sent(
    program: Program, status: int
) -> None:
    with hostile("pending") as peer:
        peer.acts = {"status": status_code(status)}
        link_id, _ = push_of(program, f"{peer.base}/taxii2/")

        runs = [push_link(program, link_id) for _ in range(2)]

    assert [(run.error, run.taken) for run in runs] == [(None, 1), (None, 0)]
    assert len(peer.posted) == 1


def test_a_status_that_stays_pending_does_not_hold_a_push_up(program: Program) -> None:
    with hostile("pending") as peer:
        link_id, _ = push_of(program, f"{peer.base}/taxii2/")

        assert push_link(program, link_id).taken == 1


def test_what_the_gate_does_not_let_go_waits(program: Program) -> None:
    with hostile("good") as peer:
        link_id, _ = push_of(program, f"{peer.base}/taxii2/")
        with program.work(CONSOLE) as work:
            suspend_peer(work, "cert-b")

        assert push_link(program, link_id).error == "resting"
        assert peer.posted == []
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Outgoing.sent_at)).one() is None


def test_where_others_may_read_only_clear_and_green_is_pushed(program: Program) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/", direction=LinkDirection.PUSH)
        with program.work(CONSOLE) as work:
            far = find_peer(work.session, "cert-b")
            take(work, [indicator(1, tlp=Tlp.AMBER).raw], peer=far)
            cmd = ReportSighting(numbered("indicator", 1), work.now, work.now)
            report_sighting(work, cmd)

        assert push_link(program, link_id).offered == 0
        assert peer.posted == []


@pytest.mark.parametrize("act", ["recall", "leave"])
def test_what_waits_and_is_offered_no_longer_is_not_pushed(program: Program, act: str) -> None:
    with hostile("good") as peer:
        url = f"{peer.base}/taxii2/"
        with program.work(CONSOLE) as work:
            far = a_far_peer(program, work, url)
            made = our_indicator(work)
            ids = published(work, a_collection(work, far), made)
            link = add_link(work, AddLink("cert-b", "c", LinkDirection.PUSH, "indicators"))
            queuing.queue(work, link, ids)  # and the peer was away
        with program.work(CONSOLE) as work:
            if act == "recall":
                revoke_indicator(work, Revoke(made.stix_id, "It was ours"))
            else:
                far = find_peer(work.session, "cert-b")
                remove_member(work, find_collection(work.session, "indicators"), far)

        push_link(program, link.id)

        assert not any(made.stix_id.encode() in body for body in peer.posted)


def test_a_sighting_says_where_it_goes(program: Program) -> None:
    with program.work(CONSOLE) as work:
        take(work, [indicator(1).raw], peer=None)
        own = ReportSighting(numbered("indicator", 1), work.now, work.now)
        assert report_sighting(work, own).message == OWN
    a_link(program, "http://127.0.0.1:9/taxii2/")
    with program.work(CONSOLE) as work:
        peer = find_peer(work.session, "cert-b")
        take(work, [indicator(2).raw], peer=peer)
        theirs = ReportSighting(numbered("indicator", 2), work.now, work.now)
        reported = report_sighting(work, theirs)
        assert (reported.message, reported.link_id) == (NO_LINK, None)
        assert "CERT-B" in reported.sentence
        add_link(work, AddLink("cert-b", "inbox", LinkDirection.PUSH))
        assert report_sighting(work, theirs).message == GOES


def test_a_sighting_carries_its_object_s_marking_and_no_more_than_days(program: Program) -> None:
    with program.work(CONSOLE) as work:
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=None)
        cmd = ReportSighting(numbered("indicator", 1), work.now, work.now, 3)
        said = json.loads(show(work, report_sighting(work, cmd).version_id).body)

    with program.work(CONSOLE, write=False) as work:
        assert said["created_by_ref"] == ourselves(work.session).identity_id
    assert said["object_marking_refs"] == [
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
    ]
    assert (said["count"], said["first_seen"]) == (3, "2026-11-18T00:00:00.000Z")


def test_a_sighting_needs_an_object_a_count_and_days(program: Program, clock: FakeClock) -> None:
    with program.work(CONSOLE) as work:
        take(work, [indicator(1).raw], peer=None)
        good = ReportSighting(numbered("indicator", 1), work.now, work.now)
        with pytest.raises(NoSuchObject):
            report_sighting(work, replace(good, stix_id="indicator--x"))
        with pytest.raises(CountWrong):
            report_sighting(work, replace(good, count=0))
        clock.forward(days=-1)
        with pytest.raises(DaysWrong):
            report_sighting(work, replace(good, last=clock.now()))


# Two instances of ours


@dataclass
class Pair:
    """A publishes to B; B reads A and writes into A's inbox."""

    a: Program
    b: Program
    pull_id: int
    push_id: int

    def sync(self) -> list[Run]:
        return [run for _, run in sync_all(self.b)]

    def give(self, tlp: Tlp = Tlp.GREEN, value: str = "198.51.100.7") -> str:
        with self.a.work(CONSOLE) as work:
            made = our_indicator(work, value, tlp)
            published(work, find_collection(work.session, "indicators"), made)
            return made.stix_id


@pytest.fixture
def pair(
    program: Program, backend: str, databases: Databases, tmp_path: Path, clock: FakeClock
) -> Iterator[Pair]:
    with ExitStack() as stack:
        other = stack.enter_context(databases.program(backend, tmp_path / "b", clock))
        call_it(other, "B")
        url = stack.enter_context(served(program)) + "/taxii2/"
        with program.work(CONSOLE) as work:
            peer = add_peer(work, program.keys, "cert-b", PeerFacts(name="B", country="BB"))
            set_credentials(work, "cert-b", "b", PASSWORD)
            add_agreement(work, AddAgreement(peer="cert-b", ceiling=Tlp.AMBER))
            for alias, kind in (
                ("indicators", CollectionKind.PUBLISHED),
                ("inbox", CollectionKind.INBOX),
            ):
                add_member(work, add_collection(work, AddCollection(alias, alias, kind)), peer)
        with other.work(CONSOLE) as work:
            facts = PeerFacts(
                name="A", country="AA", discovery_url=url, username="b", password=PASSWORD
            )
            add_peer(work, other.keys, "cert-a", facts)
            add_agreement(work, AddAgreement(peer="cert-a", ceiling=Tlp.AMBER))
            reads = add_link(work, AddLink("cert-a", "indicators", LinkDirection.PULL))
            writes = add_link(work, AddLink("cert-a", "inbox", LinkDirection.PUSH))
        yield Pair(program, other, reads.id, writes.id)


def test_what_a_releases_b_has_with_its_exact_bytes(pair: Pair) -> None:
    stix_id = pair.give()

    pair.sync()

    bodies = []
    for program in (pair.a, pair.b):
        with program.work(CONSOLE, write=False) as work:
            query = sa.select(StixObject.newest_id).where(StixObject.stix_id == stix_id)
            newest = work.session.scalars(query).one()
            assert newest is not None
            bodies.append(show(work, newest).body)
    assert bodies[0] == bodies[1]


def test_b_s_sighting_reaches_a_once(pair: Pair) -> None:
    stix_id = pair.give(Tlp.AMBER)
    pair.sync()
    with pair.b.work(CONSOLE) as work:
        report_sighting(work, ReportSighting(stix_id, work.now, work.now, 4))

    pair.sync()
    pair.sync()

    assert len(have(pair.a, "sighting")) == 1
    with pair.b.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Outgoing.sent_at)).one() is not None


def test_a_s_revocation_is_b_s_after_the_next_poll(pair: Pair) -> None:
    stix_id = pair.give()
    pair.sync()
    with pair.a.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(stix_id, "A false positive"))

    pair.sync()

    with pair.b.work(CONSOLE, write=False) as work:
        query = sa.select(StixObject.revoked).where(StixObject.stix_id == stix_id)
        assert work.session.scalars(query).one() is True


def test_ten_polls_of_one_object_leave_one_version_and_no_echo(pair: Pair) -> None:
    pair.give()
    for _ in range(2):  # it looks a minute back once
        pair.sync()
    before = version_count(pair.b)

    runs = [run for _ in range(10) for run in pair.sync()]

    assert version_count(pair.b) == before
    assert all(run.taken == run.refused == run.held == 0 for run in runs)
    assert have(pair.a, "sighting") == []
