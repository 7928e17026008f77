"""The loop rules of the sharing digest, section 6; each test names the number of its rule."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.loops.alarms import NoSuchAlarm, lift_alarm, standing_alarms
from cirt.exchange.loops.disputes import NotAConflict, Solution, Solve, solve
from cirt.exchange.loops.models import RateAlarm
from cirt.exchange.loops.rates import MOST_AN_HOUR
from cirt.exchange.models import LinkDirection, Outgoing, Quarantined
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing.push import push_link
from cirt.exchange.quarantine import NoSuchArrival
from cirt.exchange.receipts import receive
from cirt.exchange.remarks.commands import NoteObject
from cirt.exchange.remarks.service import note_object
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.kernel import schema
from cirt.kernel.clock import FakeClock
from cirt.kernel.jobs import Job
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects import build
from cirt.objects.checking.sco_ids import sco_id
from cirt.objects.codec import StixObject
from cirt.objects.models import AlsoSeen, ObjectEnd, ObjectFacts, ObjectVersion, WayKind
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.stating import state_facts, state_sector
from cirt.objects.ways import MOST_PASSED, passages
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.release.collections import find_collection
from cirt.release.commands import Revoke
from cirt.release.errors import NotOurObject
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.gate import release
from cirt.sharing.queries import peer_reader
from tests.support import release as support
from tests.support.hostile import hostile
from tests.support.release import a_collection, our_indicator, published, walk
from tests.support.stix import an_object
from tests.support.store import indicator, numbered, put, taken
from tests.support.sync import a_link

ONE = numbered("indicator", 1)


def a_reader(work: Work, slug: str = "cert-b") -> Peer:
    """Who lets go on what it brings, and is given what others let go on."""
    return support.a_reader(work, slug, transit=True)


def facts_of_one(work: Work, stix_id: str = ONE) -> tuple[ObjectVersion, ObjectFacts]:
    query = (
        sa.select(ObjectVersion, ObjectFacts)
        .join(ObjectRow, ObjectRow.id == ObjectVersion.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectRow.stix_id == stix_id)
        .order_by(ObjectVersion.version_us)
    )
    row = work.session.execute(query.execution_options(populate_existing=True)).first()
    assert row is not None
    return row[0], row[1]


def sent_by(work: Work, peer: Peer, *objects: StixObject) -> list[Arrival]:
    return take(work, [one.raw for one in objects], peer=peer)


def offered(program: Program, peer: Peer) -> list[str]:
    return [row.stix_id for row in walk(program, peer) if row.stix_id.startswith("indicator")]


def handed_on(work: Work, arrivals: Sequence[Arrival], *members: Peer) -> None:
    """As a release by two people would: what came from one goes to the others."""
    ids = [each.version_id for each in arrivals if each.version_id]
    publish(work, a_collection(work, *members), ids)


def other_content(one: StixObject, **changes: Any) -> StixObject:
    """The same version, with other bytes."""
    return taken(json.dumps({**one.content(), "description": "altered", **changes}).encode())


# 1 and 4: what is kept of each version, and who sent it too


def test_1_of_each_version_is_kept_by_whom_and_which_way_it_came_and_its_digest(
    program: Program,
) -> None:
    with hostile("good") as far:
        link_id = a_link(program, f"{far.base}/taxii2/")
        with program.work(CONSOLE) as work:
            peer = work.session.scalars(sa.select(Peer)).one()
            inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
            posted = indicator(50, tlp=Tlp.GREEN, created_by_ref=numbered("identity", 9))
            receive(work, peer, inbox, [posted.raw])
        pull_link(program, link_id)

    with program.work(CONSOLE, write=False) as work:
        version, facts = facts_of_one(work, posted.stix_id)
        [by_post] = passages(work.session, version.id)
        [by_link] = passages(work.session, facts_of_one(work)[0].id)
    assert (by_post.peer_id, by_post.kind, by_post.collection) == (
        peer.id,
        WayKind.POSTED,
        "inbox",
    )
    assert (by_link.kind, by_link.collection) == (WayKind.READ, "c")
    assert (version.sha256, facts.creator) == (posted.sha256, numbered("identity", 9))
    assert version.received_at == program.clock.now()


def test_1_4_the_same_from_another_peer_is_noted_and_nothing_else(
    program: Program, clock: FakeClock
) -> None:
    one = indicator(1, tlp=Tlp.GREEN)
    with program.work(CONSOLE) as work:
        first, second = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        sent_by(work, first, one)
    clock.forward(minutes=5)
    for _ in range(3):
        with program.work(CONSOLE) as work:
            [arrival] = sent_by(work, second, one)
            assert arrival.outcome == "known"
            sent_by(work, first, one)

    with program.work(CONSOLE, write=False) as work:
        version, facts = facts_of_one(work)
        assert [each.peer_id for each in passages(work.session, version.id)] == [
            first.id,
            second.id,
        ]
        assert facts.origin_id == first.id
        count = sa.select(sa.func.count())
        assert work.session.scalar(count.select_from(AlsoSeen)) == 1
        assert work.session.scalar(count.where(Quarantined.stix_id == ONE)) == 0


# 2, 3 and 11: echo, raw bytes, paths


def test_2_nothing_goes_back_to_its_bringer_its_author_or_who_sent_it_too(
    program: Program,
) -> None:
    author = numbered("identity", 7)
    one = indicator(1, tlp=Tlp.GREEN, created_by_ref=author)
    with program.work(CONSOLE) as work:
        bringer, also, third = (a_reader(work, f"cert-{letter}") for letter in "bcd")
        maker = a_reader(work, "cert-e")
        maker.identity_id = author
        arrivals = sent_by(work, bringer, one)
        sent_by(work, also, one)
        handed_on(work, arrivals, bringer, also, third, maker)

    assert offered(program, third) == [ONE]
    for peer in (bringer, also, maker):
        assert offered(program, peer) == []


def test_3_what_is_relayed_has_the_bytes_that_came(program: Program) -> None:
    body = indicator(1, tlp=Tlp.GREEN).raw
    odd = b'{ "x_odd" : [1.0, 1e2],\n' + body.lstrip()[1:]
    with program.work(CONSOLE) as work:
        bringer, third = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        arrivals = take(work, [odd], peer=bringer)
        handed_on(work, arrivals, third)
        reader = peer_reader(work.session, third.id, work.now)
        ids = [each.version_id or 0 for each in arrivals]
        [released] = release(work, reader, CollectionKind.PUBLISHED.value, ids)

    assert released.body == odd


def test_11_what_has_passed_many_peers_goes_no_further(program: Program) -> None:
    one, two = indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.GREEN)
    with program.work(CONSOLE) as work:
        passed = [a_reader(work, f"cert-{number}") for number in range(MOST_PASSED)]
        third = a_reader(work, "cert-z")
        arrivals = sent_by(work, passed[0], one, two)
        for peer in passed[1:]:
            sent_by(work, peer, one)
        for peer in passed[1:-1]:
            sent_by(work, peer, two)
        handed_on(work, arrivals, third)

    assert offered(program, third) == [two.stix_id]


def test_11_what_names_us_and_is_not_ours_is_held(program: Program) -> None:
    with program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        peer = a_reader(work)
        ours = our_indicator(work)
        put(work, ours)
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        forged = indicator(1, tlp=Tlp.GREEN, created_by_ref=us)

        back, held = take(work, [ours.raw, forged.raw], peer=peer)
        answer = receive(work, peer, inbox, [indicator(2, created_by_ref=us).raw])

    assert back.outcome == "known"
    assert (held.outcome, held.code) == ("held", "our-name")
    assert answer.failures == []  # it would tell which objects of ours there are


# 5: two contents of one version


def a_dispute(program: Program) -> tuple[Peer, Peer, int]:
    """An object of cert-b that goes on to cert-d, and other bytes of it from cert-c; the number of that arrival."""
    one = indicator(1, tlp=Tlp.GREEN)
    with program.work(CONSOLE) as work:
        bringer, liar, third = (a_reader(work, f"cert-{letter}") for letter in "bcd")
        handed_on(work, sent_by(work, bringer, one), third)
    assert offered(program, third) == [ONE]
    with program.work(CONSOLE) as work:
        [arrival] = sent_by(work, liar, other_content(one))
        assert (arrival.outcome, arrival.code) == ("held", "conflict")
        held = work.session.scalars(sa.select(Quarantined.id)).one()
    return third, liar, held


def test_5_of_two_contents_the_first_stays_and_neither_is_relayed_until_it_is_solved(
    program: Program, clock: FakeClock
) -> None:
    third, _, arrival_id = a_dispute(program)
    assert offered(program, third) == []
    with program.work(CONSOLE, write=False) as work:
        version, facts = facts_of_one(work)
        assert facts.disputed
        assert version.sha256 == indicator(1, tlp=Tlp.GREEN).sha256
    clock.forward(minutes=1)

    with program.work(CONSOLE) as work:
        solve(work, Solve(arrival_id, Solution.FIRST))

    assert offered(program, third) == [ONE]
    with program.work(CONSOLE) as work, pytest.raises(NoSuchArrival):
        solve(work, Solve(arrival_id, Solution.FIRST))


def test_5_where_neither_is_right_only_a_newer_version_goes_on(program: Program) -> None:
    third, _, arrival_id = a_dispute(program)
    with program.work(CONSOLE) as work:
        solve(work, Solve(arrival_id, Solution.NEITHER))
        bringer = work.session.scalars(sa.select(Peer).where(Peer.slug == "cert-b")).one()
        [newer] = sent_by(work, bringer, indicator(1, tlp=Tlp.GREEN, day=2))
    assert offered(program, third) == []

    with program.work(CONSOLE) as work:
        publish(work, find_collection(work.session, "indicators"), [newer.version_id or 0])

    assert [row.version_text for row in walk(program, third) if row.stix_id == ONE] == [
        "2025-03-02T10:00:00.000Z"
    ]


def test_5_while_one_of_several_contents_is_open_nothing_goes_on(program: Program) -> None:
    third, liar, arrival_id = a_dispute(program)
    with program.work(CONSOLE) as work:
        other = other_content(indicator(1, tlp=Tlp.GREEN), description="a third one")
        sent_by(work, liar, other)
        solve(work, Solve(arrival_id, Solution.FIRST))
    assert offered(program, third) == []

    with program.work(CONSOLE) as work:
        open_one = sa.select(Quarantined.id).where(Quarantined.settled_at.is_(None))
        solve(work, Solve(work.session.scalars(open_one).one(), Solution.FIRST))

    assert offered(program, third) == [ONE]


def test_5_nobody_can_dispute_what_is_ours_or_what_has_no_versions(program: Program) -> None:
    with program.work(CONSOLE) as work:
        liar, reader = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        ours = our_indicator(work)
        published(work, a_collection(work, reader), ours)
        [arrival] = sent_by(work, liar, other_content(ours))
        assert arrival.code == "conflict"
        address = json.dumps(
            {"type": "ipv4-addr", "spec_version": "2.1", "value": "198.51.100.9",
             "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bf3bd6f6d1"}
        )  # fmt: skip
        take(work, [address.encode()], peer=reader)
        take(work, [address.replace(" ", "").encode()], peer=liar)
        disputed = sa.select(sa.func.count()).where(ObjectFacts.disputed.is_(True))
        assert work.session.scalar(disputed) == 0

    assert offered(program, reader) == [ours.stix_id]


def test_5_only_a_second_content_can_be_solved(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [b"{}"], peer=peer)
        arrival_id = work.session.scalars(sa.select(Quarantined.id)).one()

        with pytest.raises(NotAConflict):
            solve(work, Solve(arrival_id, Solution.FIRST))


# 6, 8, 9, 10, 12 and 13; 7 is tests/property/test_foreign.py, 16 tests/contract/test_rings.py


def test_6_an_older_version_is_kept_and_not_relayed(program: Program) -> None:
    with program.work(CONSOLE) as work:
        bringer, third = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        handed_on(work, sent_by(work, bringer, indicator(1, tlp=Tlp.GREEN, day=3)), third)
        [older] = sent_by(work, bringer, indicator(1, tlp=Tlp.GREEN, day=2))

        assert older.outcome == "taken"
        row = work.session.scalars(sa.select(ObjectRow).where(ObjectRow.stix_id == ONE)).one()
        assert row.newest_id != older.version_id
    assert [row.version_text for row in walk(program, third) if row.stix_id == ONE] == [
        "2025-03-03T10:00:00.000Z"
    ]


def test_8_what_we_state_and_say_of_an_object_is_kept_beside_its_bytes(program: Program) -> None:
    one = indicator(1, tlp=Tlp.GREEN)
    with program.work(CONSOLE) as work:
        bringer, third = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        [arrival] = sent_by(work, bringer, one)
        version_id = arrival.version_id or 0
        row = work.session.scalars(sa.select(ObjectRow).where(ObjectRow.stix_id == ONE)).one()

        state_sector(work, [version_id], "energy")
        state_facts(work, [row.id], personal=False, withheld=False)
        note_object(work, NoteObject(ONE, "Seen at a power plant", Tlp.GREEN))
        report_sighting(work, ReportSighting(ONE, work.now, work.now, 3))

        handed_on(work, [arrival], third)
        count = sa.select(sa.func.count()).where(ObjectVersion.object_id == row.id)
        assert work.session.scalar(count) == 1
        assert facts_of_one(work)[1].sector == "energy"
        reader = peer_reader(work.session, third.id, work.now)
        [released] = release(work, reader, CollectionKind.PUBLISHED.value, [version_id])
    assert released.body == one.raw


def test_9_an_observable_is_one_object_whoever_saw_it(program: Program) -> None:
    seen = {"type": "ipv4-addr", "spec_version": "2.1", "value": "198.51.100.9"}
    body = json.dumps({**seen, "id": sco_id(seen)}).encode()
    with program.work(CONSOLE) as work:
        first, second = a_reader(work, "cert-b"), a_reader(work, "cert-c")

        outcomes = [take(work, [body], peer=peer)[0].outcome for peer in (first, second)]

        assert outcomes == ["taken", "known"]
        addresses = sa.select(ObjectRow.stix_id).where(ObjectRow.type == "ipv4-addr")
        assert work.session.scalars(addresses).all() == [sco_id(seen)]


@pytest.mark.parametrize("given_on", [False, True], ids=["bringer-keeps", "bringer-lets"])
@pytest.mark.parametrize("taken_on", [False, True], ids=["reader-without", "reader-with"])
def test_10_nothing_of_a_peer_goes_on_unless_both_agreements_allow_it(
    program: Program, *, given_on: bool, taken_on: bool
) -> None:
    with program.work(CONSOLE) as work:
        bringer = support.a_reader(work, "cert-b", transit=given_on)
        third = support.a_reader(work, "cert-c", transit=taken_on)
        arrivals = sent_by(work, bringer, indicator(1, tlp=Tlp.GREEN))
        handed_on(work, arrivals, third)
        ours = our_indicator(work)
        published(work, find_collection(work.session, "indicators"), ours)

    expected = {ours.stix_id, ONE} if given_on and taken_on else {ours.stix_id}
    assert set(offered(program, third)) == expected


def test_12_our_sighting_goes_back_to_whose_object_it_is_and_to_nobody_else(
    program: Program,
) -> None:
    with hostile("good") as far:
        link_id = a_link(program, f"{far.base}/taxii2/", direction=LinkDirection.PUSH)
        with program.work(CONSOLE) as work:
            owner = work.session.scalars(sa.select(Peer)).one()
            third = a_reader(work, "cert-c")
            elsewhere = add_link(work, AddLink(third.slug, "inbox", LinkDirection.PUSH)).id
            sent_by(work, owner, indicator(1, tlp=Tlp.GREEN))
            sighting = report_sighting(work, ReportSighting(ONE, work.now, work.now, 3))
            waiting = {row.link_id for row in work.session.scalars(sa.select(Outgoing))}
        assert waiting == {link_id}
        assert elsewhere not in waiting

        push_link(program, link_id)

        assert sighting.stix_id.encode() in far.posted[0]


def test_13_what_comes_sends_nothing_in_its_transaction_and_asks_for_no_run(
    program: Program,
) -> None:
    a_link(program, "http://127.0.0.1:9/taxii2/", direction=LinkDirection.PUSH)
    with program.work(CONSOLE) as work:
        peer = a_reader(work, "cert-c")
        shared = a_collection(work, peer, alias="room", kind=CollectionKind.SHARED)
        receive(work, peer, shared, [indicator(1, tlp=Tlp.GREEN).raw])
        sent_by(work, peer, indicator(2, tlp=Tlp.GREEN))

        assert work.session.scalars(sa.select(Outgoing)).all() == []
        assert work.session.scalars(sa.select(Job)).all() == []


# 14 and 15: the alarm, and the end of an object


def versions(count: int, *, start: int = 0, seconds: int = 60) -> list[StixObject]:
    """Versions of one object, one after the other."""
    made = []
    for number in range(start, start + count):
        at = number * seconds
        text = f"2026-11-18T{8 + at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}.000Z"
        made.append(indicator(1, tlp=Tlp.GREEN, modified=text))
    return made


def codes(arrivals: Sequence[Arrival]) -> list[str | None]:
    return [each.code for each in arrivals]


@pytest.mark.parametrize("at_once", [True, False])
def test_14_too_many_versions_within_an_hour_stop_that_object_from_that_peer(
    program: Program, at_once: bool
) -> None:
    several = versions(MOST_AN_HOUR + 3)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        batches = [several] if at_once else [[one] for one in several]
        found = [code for batch in batches for code in codes(sent_by(work, peer, *batch))]
        other = indicator(2, tlp=Tlp.GREEN)
        assert codes(sent_by(work, peer, other, *several[:2])) == [None, None, None]

        [alarm] = standing_alarms(work.session)
    assert found == [None] * MOST_AN_HOUR + ["too-often"] * 3
    assert (alarm.stix_id, alarm.count, alarm.held) == (ONE, MOST_AN_HOUR + 1, 3)


def test_14_as_many_as_may_be_or_a_long_history_raise_no_alarm(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)

        assert set(codes(sent_by(work, peer, *versions(MOST_AN_HOUR)))) == {None}
        spread = [other_id(one) for one in versions(3 * MOST_AN_HOUR, seconds=180)]
        assert set(codes(sent_by(work, peer, *spread))) == {None}
        assert standing_alarms(work.session) == []


def other_id(one: StixObject) -> StixObject:
    return taken(json.dumps({**one.content(), "id": numbered("indicator", 3)}).encode())


def test_14_a_revocation_passes_for_it_ends_every_loop(program: Program) -> None:
    several = versions(MOST_AN_HOUR + 1)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        sent_by(work, peer, *several)
        last = build.revoked_version(several[-1].raw, work.now)

        assert codes(sent_by(work, peer, last)) == [None]


def test_14_lifted_what_was_held_is_taken_and_a_further_loop_is_stopped_again(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        sent_by(work, peer, *versions(MOST_AN_HOUR + 2))
        [alarm] = standing_alarms(work.session)
    clock.forward(seconds=30)

    with program.work(CONSOLE) as work:
        assert lift_alarm(work, alarm.id) == 2
        version_count = sa.select(sa.func.count()).select_from(ObjectVersion)
        version_count = version_count.join(ObjectRow, ObjectRow.id == ObjectVersion.object_id)
        assert (
            work.session.scalar(version_count.where(ObjectRow.stix_id == ONE)) == MOST_AN_HOUR + 2
        )
        assert standing_alarms(work.session) == []
    clock.forward(seconds=30)
    with program.work(CONSOLE) as work:
        again = versions(MOST_AN_HOUR + 1, start=MOST_AN_HOUR + 2, seconds=60)
        assert codes(sent_by(work, peer, *again)) == [None] * MOST_AN_HOUR + ["too-often"]
        assert work.session.scalar(sa.select(sa.func.count()).select_from(RateAlarm)) == 2
        with pytest.raises(NoSuchAlarm):
            lift_alarm(work, alarm.id)


def test_15_what_another_made_is_ended_by_its_maker_alone_and_ends_where_it_went(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        maker, read, idle = (a_reader(work, f"cert-{letter}") for letter in "bcd")
        handed_on(work, sent_by(work, maker, indicator(1, tlp=Tlp.GREEN)), maker, read, idle)
    assert offered(program, read) == [ONE]
    clock.forward(minutes=1)
    with program.work(CONSOLE) as work, pytest.raises(NotOurObject):
        revoke_indicator(work, Revoke(ONE, "Wrong"))
    gone = indicator(1, tlp=Tlp.GREEN, day=2, revoked=True)

    with program.work(CONSOLE) as work:
        sent_by(work, maker, gone)

    told = [row.version_text for row in walk(program, read) if row.stix_id == ONE]
    assert told == ["2025-03-02T10:00:00.000Z"]
    for peer in (maker, idle):
        assert offered(program, peer) == []
    with program.work(CONSOLE) as work:
        assert [each.outcome for each in sent_by(work, read, gone)] == ["known"]


def test_what_notes_of_before_are_about_is_read_by_the_migration(program: Program) -> None:
    with program.work(CONSOLE) as work:
        note = an_object("note", content="Seen", object_refs=[ONE, numbered("indicator", 2)])
        take(work, [note], peer=a_reader(work))

    schema.downgrade(program.engine, "0012")
    with program.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM object_end")) == 0
    schema.upgrade(program.engine)

    with program.work(CONSOLE, write=False) as work:
        ends = sa.select(ObjectEnd.stix_id).order_by(ObjectEnd.stix_id)
        assert work.session.scalars(ends).all() == [ONE, numbered("indicator", 2)]


def test_every_rule_has_a_test_that_names_its_number() -> None:
    tests = Path(__file__).parents[1]
    named: set[int] = set()
    for path in (
        "service/test_loops",
        "service/test_remarks",
        "property/test_foreign",
        "contract/test_rings",
    ):
        text = (tests / f"{path}.py").read_text(encoding="utf-8")
        for numbers in re.findall(r"^def test_((?:\d+_)+)", text, re.MULTILINE):
            named |= {int(each) for each in numbers.split("_") if each}

    assert named == set(range(1, 17))
