"""The one door: what becomes of each object that comes from anywhere."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange import arrivals, quarantine
from cirt.exchange.arrivals import take
from cirt.exchange.arriving import awaited
from cirt.exchange.arriving.doors import RedNotImported
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.cases.commands import Decide
from cirt.exchange.cases.deciding import drop_arrival
from cirt.exchange.models import Outcome, Quarantined
from cirt.exchange.quarantine import NoSuchArrival
from cirt.exchange.receipts import (
    MAX_OBJECTS,
    NothingSent,
    NotWritable,
    TooManyObjects,
    find_receipt,
    open_envelope,
    receive,
)
from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotFound
from cirt.kernel.jobs import Job
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.objects import codec
from cirt.objects.codec import NotJson
from cirt.objects.markings import IEP_EXTENSION, TLP2_EXTENSION, TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.release.models import CollectionEntry, CollectionKind
from cirt.sharing.models import Direction
from cirt.worker.loop import run_one
from cirt.worker.table import HANDLERS
from tests.support.asked import asked_of
from tests.support.databases import Databases
from tests.support.quarantine import list_quarantine
from tests.support.release import a_collection, a_reader, names, walk
from tests.support.stix import INDICATOR, an_object
from tests.support.store import indicator, numbered, put

STATEMENT = numbered("marking-definition", 9)


def one(work: Work, raw: bytes, peer: Peer | None, **more: object) -> Arrival:
    [arrival] = take(work, [raw], peer=peer, **more)  # type: ignore[arg-type]  # by name
    return arrival


def said(arrivals: list[Arrival]) -> list[str]:
    return [arrival.code or arrival.outcome.value for arrival in arrivals]


def statement(number: int) -> str:
    return numbered("marking-definition", 9 + number)


def a_statement(number: int = 0, **more: object) -> bytes:
    return an_object(
        "marking-definition",
        id=statement(number),
        modified=None,
        definition_type="statement",
        definition={"statement": "Copyright"},
        **more,
    )


def versions(work: Work) -> int:
    return work.session.scalar(sa.select(sa.func.count()).select_from(ObjectVersion)) or 0


def test_one_bad_object_among_good_ones_is_refused_alone_and_kept(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        pieces = [indicator(1).raw, b'{"type":"indicator"}', indicator(2).raw]

        arrivals = take(work, pieces, peer=peer)

        assert said(arrivals) == ["taken", "bad-id", "taken"]
        [kept] = list_quarantine(work.session)
        assert (kept.body, kept.outcome) == (pieces[1], Outcome.REFUSED)
        assert kept.message.format(**kept.values)


def test_what_comes_twice_is_known(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        raw = indicator(1).raw

        assert said(take(work, [raw, raw], peer=peer)) == ["taken", "known"]
        assert said(take(work, [raw], peer=peer)) == ["known"]


def test_the_same_refusal_is_kept_once_from_each_source(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        for source in (peer, peer, other, None, None):
            take(work, [b"{}"], peer=source)

        assert [row.peer_id for row in list_quarantine(work.session)] == [peer.id, other.id, None]


@pytest.mark.parametrize(
    "write",
    [
        lambda content: json.dumps(content, indent=4),
        lambda content: json.dumps(content, sort_keys=True),
        lambda content: json.dumps(dict(reversed(content.items())), ensure_ascii=True),
    ],
    ids=["with spaces", "in order", "in another order, escaped"],
)
def test_the_same_version_written_anew_is_known(
    program: Program, write: Callable[[dict[str, Any]], str]
) -> None:
    """Servers on the way read and write what they hand on (medallion, OpenCTI)."""
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        first = indicator(1, name="Grüße", x_a=[1, True, 1.0, {"b": 1, "a": 2}])
        take(work, [first.raw], peer=peer)
        again = write(first.content()).encode()
        assert again != first.raw

        arrivals = [one(work, again, peer), one(work, again, other)]

        assert {arrival.outcome for arrival in arrivals} == {Outcome.KNOWN}
        assert list_quarantine(work.session) == []


@pytest.mark.parametrize("value", [[1, 1, 1.0], [True, 1, 1.0], [1, True, 1], [1.0, True, 1]])
def test_a_value_of_another_type_is_other_content(program: Program, value: list[Any]) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1, x_a=[1, True, 1.0]).raw], peer=peer)

        assert one(work, indicator(1, x_a=value).raw, peer).code == "conflict"


def test_the_same_version_with_other_content_is_held(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1).raw], peer=peer)

        arrival = one(work, indicator(1, name="Another").raw, peer)

        assert (arrival.outcome, arrival.code) == (Outcome.HELD, "conflict")


def test_a_fixed_definition_written_in_another_way_is_known(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        raw = (
            b'{"type": "marking-definition", "spec_version": "2.1", "id":'
            b' "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "created":'
            b' "2017-01-20T00:00:00.000Z", "definition_type": "tlp", "name": "TLP:WHITE",'
            b' "definition": {"tlp": "white"}}'
        )

        assert said(take(work, [raw, raw.replace(b": ", b":")], peer=peer)) == ["taken", "known"]


def test_only_the_bringer_and_the_author_may_version_an_object(program: Program) -> None:
    author = numbered("identity", 7)
    with program.work(CONSOLE) as work:
        bringer, stranger, writer = (
            a_reader(work, slug, transit=True) for slug in ("cert-b", "cert-c", "cert-d")
        )
        writer.identity_id = author
        first = indicator(1, created_by_ref=author)
        take(work, [first.raw], peer=bringer)

        by_stranger = one(work, indicator(1, day=2, created_by_ref=author).raw, stranger)
        by_bringer = one(work, indicator(1, day=3, created_by_ref=author).raw, bringer)
        by_author = one(work, indicator(1, day=4, created_by_ref=author).raw, writer)

        assert by_stranger.code == "foreign-version"
        assert by_bringer.outcome is Outcome.TAKEN
        assert by_author.outcome is Outcome.TAKEN


def test_a_claimed_author_who_is_not_the_object_s_author_may_not_version_it(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        bringer, thief = a_reader(work), a_reader(work, "cert-c")
        thief.identity_id = numbered("identity", 8)
        take(work, [indicator(1, created_by_ref=numbered("identity", 7)).raw], peer=bringer)

        arrival = one(work, indicator(1, day=2, created_by_ref=thief.identity_id).raw, thief)

        assert arrival.code == "foreign-version"


def an_identity(stix_id: str, day: int = 1, **more: object) -> bytes:
    modified = f"2025-03-{day:02}T10:00:00.000Z"
    return an_object("identity", id=stix_id, name="Somebody", modified=modified, **more)


@pytest.mark.parametrize("by_peer", [True, False])
def test_why_it_is_broken_tells_no_more_than_its_bytes_may(program: Program, by_peer: bool) -> None:
    def broken(number: int, *refs: str) -> bytes:
        said = {"object_marking_refs": list(refs)} if refs else {}
        return an_object(
            "ipv4-addr",
            id=numbered("ipv4-addr", number),
            **{
                "created": None,
                "modified": None,
                "value": f"198.51.100.7 of ACME {number}",
                **said,
            },
        )

    red = TLP2_REFS[Tlp.RED]
    pieces = [broken(1), broken(2, STATEMENT), *([] if by_peer else [broken(3, red)])]
    with program.work(CONSOLE) as work:
        arrivals = take(work, pieces, peer=a_reader(work) if by_peer else None)

        told = [each.sentence for each in arrivals]
        kept = [str(each.values) for each in list_quarantine(work.session)]

    assert "ACME 1" in told[0]
    assert [each.code for each in arrivals] == [arrivals[0].code] * len(pieces)
    assert not any("ACME 2" in each or "ACME 3" in each for each in [*told, *kept])


def test_nobody_makes_the_identity_of_another_peer_or_ours(program: Program) -> None:
    me, other = numbered("identity", 7), numbered("identity", 8)
    with program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        forger, victim = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        forger.identity_id, victim.identity_id = me, other

        forged = [
            an_identity(other),
            an_identity(other, day=2, created_by_ref=me),
            an_identity(us, created_by_ref=me),
        ]
        codes = [one(work, raw, forger).code for raw in forged]

        assert codes[:2] == ["their-name", "their-name"]
        assert codes[2] in ("our-name", "foreign-version")
        assert one(work, an_identity(other, day=3), victim).outcome is Outcome.TAKEN


@pytest.mark.parametrize("first", [None, numbered("identity", 7)])
def test_a_later_version_may_not_name_another_author_either(
    program: Program, first: str | None
) -> None:
    other = numbered("identity", 8)
    with program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        forger = a_reader(work, "cert-b")
        forger.identity_id = numbered("identity", 7)
        a_reader(work, "cert-c").identity_id = other
        take(work, [indicator(1, created_by_ref=first).raw], peer=forger)

        claims = [
            indicator(1, day=2, created_by_ref=other),
            indicator(1, day=3, created_by_ref=us),
            indicator(1, day=4, created_by_ref=first),
        ]
        arrivals = take(work, [each.raw for each in claims], peer=forger)

        assert said(arrivals) == ["their-name", "our-name", "taken"]


def test_who_else_is_our_peer_is_not_told_by_what_is_made_of_a_claim(program: Program) -> None:
    with program.work(CONSOLE) as work:
        forger = a_reader(work, "cert-b")
        a_reader(work, "cert-c").identity_id = numbered("identity", 8)
        inbox = a_collection(work, forger, alias="inbox", kind=CollectionKind.INBOX)
        receive(work, forger, inbox, [indicator(1).raw])
        for number, day in ((1, 2), (2, 1)):  # of an object that it brought, and of a new one
            claim = indicator(number, day=day, created_by_ref=numbered("identity", 8))

            assert receive(work, forger, inbox, [claim.raw]).failures == []

        assert [row.code for row in list_quarantine(work.session)] == ["their-name"] * 2


def test_a_stranger_s_revocation_changes_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        bringer, stranger = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(1).raw], peer=bringer)

        arrival = one(work, indicator(1, day=2, revoked=True).raw, stranger)

        assert (arrival.outcome, arrival.code) == (Outcome.HELD, "foreign-revocation")
        found = sa.select(StixObject.revoked).where(StixObject.stix_id == numbered("indicator", 1))
        assert work.session.scalars(found).one() is False


def test_peers_do_not_version_what_is_ours_or_what_we_vouched_for(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1).raw], peer=None)
        take(work, [indicator(2).raw], peer=peer)
        take(work, [indicator(2).raw], peer=None)

        assert one(work, indicator(1, day=2).raw, peer).code == "foreign-version"
        assert one(work, indicator(2, day=2).raw, peer).code == "foreign-version"


def test_nothing_newer_than_a_revocation_is_taken_but_history_is(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        pieces = [
            indicator(1, day=3).raw,
            indicator(1, day=5, revoked=True).raw,
            indicator(1, day=6).raw,
            indicator(1, day=2).raw,
        ]

        assert said(take(work, pieces, peer=peer)) == ["taken", "taken", "revoked", "taken"]
        assert said(take(work, [indicator(1, day=7).raw], peer=peer)) == ["revoked"]


def test_a_version_from_the_far_future_is_held(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        soon = indicator(1, modified="2026-11-19T11:59:00.000Z").raw
        late = indicator(2, modified="2026-11-19T12:01:00.000Z").raw

        assert said(take(work, [soon, late], peer=peer)) == ["taken", "far-future"]


def test_an_unresolved_marking_waits_for_its_definition(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        raw = indicator(1, object_marking_refs=[STATEMENT]).raw

        before = one(work, raw, peer)
        assert (before.outcome, before.code) == (Outcome.HELD, "marking-unresolved")
        take(work, [a_statement()], peer=peer)

        assert list_quarantine(work.session) == []
        assert one(work, raw, peer).outcome is Outcome.KNOWN


@pytest.mark.parametrize(("most", "size"), [(4, 1 << 20), (1000, 700)])
def test_what_waits_in_great_numbers_is_taken_by_the_worker_a_slice_at_a_time(
    program: Program, monkeypatch: pytest.MonkeyPatch, most: int, size: int
) -> None:
    """A definition that itself waits for another stands between."""
    monkeypatch.setattr(awaited, "AT_ONCE", most)
    monkeypatch.setattr(quarantine, "_BYTES", size)
    between = a_statement(1, object_marking_refs=[STATEMENT])
    others = [indicator(n, object_marking_refs=[statement(1)]).raw for n in range(1, 12)]
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        assert said(take(work, [between, *others], peer=peer)) == ["marking-unresolved"] * 12

    with program.work(CONSOLE) as work:
        take(work, [a_statement()], peer=work.session.scalars(sa.select(Peer)).one())
    while run_one(program):
        pass

    with program.work(CONSOLE, write=False) as work:
        assert list_quarantine(work.session) == []
        taken = sa.select(sa.func.count()).where(StixObject.type == "indicator")
        assert work.session.scalar(taken) == 11
        assert set(work.session.scalars(sa.select(Job.kind))) == {arrivals.JOB}


def test_what_came_in_the_same_moment_as_its_definition_does_not_wait_for_ever(
    databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    """SQLite has one writer at a time."""
    with databases.program("postgresql", tmp_path, clock) as program:
        with program.work(CONSOLE) as work:
            peer, other = a_reader(work), a_reader(work, "cert-c")
        with program.work(CONSOLE) as one_of_two:
            raw = indicator(1, object_marking_refs=[STATEMENT]).raw
            take(one_of_two, [raw], peer=one_of_two.session.merge(peer))
            with program.work(CONSOLE) as second:
                take(second, [a_statement()], peer=second.session.merge(other))

        with program.work(SYSTEM, write=False) as work:
            assert [row.waits_for for row in list_quarantine(work.session)] == [STATEMENT]
        HANDLERS[arrivals.JOB](program, {})
        HANDLERS[arrivals.JOB](program, {})  # once is enough
        with program.work(SYSTEM, write=False) as work:
            assert len(work.session.scalars(sa.select(Job)).all()) == 1
        run_one(program)

        with program.work(SYSTEM, write=False) as work:
            assert list_quarantine(work.session) == []


def test_what_is_taken_with_its_definition_is_not_dropped_in_the_same_moment(
    databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    with databases.program("postgresql", tmp_path, clock) as program:
        with program.work(CONSOLE) as work:
            peer = a_reader(work)
            take(work, [indicator(1, object_marking_refs=[STATEMENT]).raw], peer=peer)
            [row] = list_quarantine(work.session)

        with program.work(CONSOLE) as taking:
            rows, _ = awaited.awaiting(taking.session, [STATEMENT])
            assert [each.id for each in rows] == [row.id]
            with program.work(CONSOLE) as dropping:
                dropping.session.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
                with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                    drop_arrival(dropping, Decide(row.id, "Not ours"))
                dropping.session.rollback()


def test_a_held_object_goes_on_waiting_where_another_definition_is_missing(
    program: Program,
) -> None:
    other = numbered("marking-definition", 10)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1, object_marking_refs=[STATEMENT, other]).raw], peer=peer)

        take(work, [a_statement()], peer=peer)

        [row] = list_quarantine(work.session)
        assert row.waits_for == other


def test_an_object_of_another_peer_s_definition_is_taken_for_its_own_bringer(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(1, object_marking_refs=[STATEMENT]).raw], peer=peer)

        take(work, [a_statement()], peer=other)

        row = work.session.scalars(
            sa.select(StixObject).where(StixObject.stix_id == numbered("indicator", 1))
        ).one()
        assert row.brought_by_id == peer.id


def test_a_definition_that_is_not_taken_resolves_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, types=["indicator"])  # definitions go along with any type
        held = numbered("marking-definition", 11)
        definition = an_object(
            "marking-definition",
            id=held,
            modified=None,
            definition_type="statement",
            definition={"statement": "x"},
            object_marking_refs=[STATEMENT],
        )

        arrivals = take(work, [indicator(1, object_marking_refs=[held]).raw, definition], peer=peer)

        assert said(arrivals) == ["marking-unresolved", "marking-unresolved"]
        assert said(take(work, [a_statement()], peer=peer)) == ["taken"]
        assert list_quarantine(work.session) == []


def test_of_red_from_a_peer_no_content_is_kept(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)

        arrival = one(work, indicator(1, tlp=Tlp.RED).raw, peer)

        assert (arrival.outcome, arrival.code) == (Outcome.REFUSED, "red-arrival")
        [row] = list_quarantine(work.session)
        assert row.body is None
        assert row.stix_id == numbered("indicator", 1)


def test_a_peer_that_marks_red_what_it_brought_closes_the_earlier_versions(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        shared = a_collection(work, peer, other, alias="shared", kind=CollectionKind.SHARED)
        for number, source in ((1, peer), (2, other)):
            raw = indicator(number, tlp=Tlp.GREEN).raw
            receive(work, source, shared, [raw])

        pieces = [indicator(number, day=2, tlp=Tlp.RED).raw for number in (1, 2)]
        take(work, pieces, peer=peer)

    assert names(walk(program, other, "shared")) == [numbered("indicator", 2)]
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(AuditEntry.subject).where(AuditEntry.act == "arrival.red")
        assert work.session.scalars(query).all() == [numbered("indicator", 1)]


RED_TEXT = indicator(1, day=2, tlp=Tlp.RED).raw
A_RED_DEFINITION = an_object(
    "marking-definition",
    id=STATEMENT,
    modified=None,
    name="Ours",
    extensions={IEP_EXTENSION: {"extension_type": "property-extension", "tlp": "red"}},
)


@pytest.mark.parametrize(
    "pieces",
    [
        [indicator(1, tlp=Tlp.RED, modified="2036-03-01T10:00:00.000Z").raw],
        [indicator(1, object_marking_refs=[TLP2_REFS[Tlp.RED], STATEMENT]).raw],
        [RED_TEXT.replace(b"ipv4-addr:value =", b"ipv4-addr:value ?")],
        [RED_TEXT.replace(b'"spec_version":"2.1"', b'"spec_version":"2.0"')],
        [RED_TEXT.replace(b"{", b'{"object_marking_refs":["marking-definition--x"],', 1)],
        [RED_TEXT.replace(b"{", b'{"x_secret":null,', 1)],
        [RED_TEXT[:-1] + b',"granular_markings":7}'],
        [RED_TEXT[:-1] + b"\xff"],
        [b'{"x":' + b"[" * 5000 + RED_TEXT + b"]" * 5000 + b"}"],
        [b'{"type":"bundle","id":"' + INDICATOR.encode() + b'","objects":[' + RED_TEXT + b"]}"],
        [
            indicator(1, object_marking_refs=[STATEMENT]).raw.replace(b"'198", b"198"),
            A_RED_DEFINITION,
        ],
        [
            indicator(1, object_marking_refs=[STATEMENT]).raw,
            A_RED_DEFINITION.replace(b'"Ours"', b"null"),
        ],
    ],
    ids=[
        "a-year-ahead",
        "second-marking-unresolved",
        "broken-pattern",
        "stix-2-0",
        "key-twice",
        "null",
        "granular-not-a-list",
        "not-json",
        "too-deep",
        "inner-bundle",
        "red-by-a-definition-beside",
        "red-by-a-definition-that-is-refused",
    ],
)
def test_red_is_seen_first_whatever_else_is_wrong(program: Program, pieces: list[bytes]) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)

        arrivals = take(work, pieces, peer=peer)

        assert said(arrivals)[0] == "red-arrival"
        row = work.session.scalars(sa.select(Quarantined).order_by(Quarantined.id)).first()
        assert row is not None
        assert (row.code, row.body) == ("red-arrival", None)


def test_red_of_what_another_peer_brought_is_refused_and_leaves_no_bytes(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=other)

        assert one(work, RED_TEXT, peer).code == "red-arrival"
        assert [row.body for row in list_quarantine(work.session)] == [None]


def test_a_broken_red_version_closes_what_its_bringer_brought_before(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        shared = a_collection(work, peer, other, alias="shared", kind=CollectionKind.SHARED)
        receive(work, peer, shared, [indicator(1, tlp=Tlp.GREEN).raw])

        take(work, [RED_TEXT.replace(b"ipv4-addr:value =", b"ipv4-addr:value ?")], peer=peer)

    assert names(walk(program, other, "shared")) == []


def test_what_turns_out_red_when_its_definition_comes_leaves_no_bytes(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1, object_marking_refs=[STATEMENT]).raw], peer=peer)

        assert said(take(work, [A_RED_DEFINITION], peer=peer)) == ["taken"]

        rows = work.session.scalars(sa.select(Quarantined).order_by(Quarantined.id)).all()
        assert [(row.code, row.body) for row in rows] == [
            ("marking-unresolved", None),
            ("red-arrival", None),
        ]


def test_a_long_chain_of_held_definitions_is_taken_when_its_end_comes(program: Program) -> None:
    length = 400
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        for number in range(length):
            raw = a_statement(number, object_marking_refs=[statement(number + 1)])
            assert one(work, raw, peer).code == "marking-unresolved"
        before = versions(work)

        take(work, [a_statement(length)], peer=peer)

        assert list_quarantine(work.session) == []
        assert versions(work) == before + length + 1


def test_a_chain_costs_no_more_questions_than_its_shortest(program: Program) -> None:
    lengths = (3, 30)
    held, freed = [], []
    for turn, length in enumerate(lengths):
        first, last = 100 * turn, 100 * turn + length
        chain = [
            a_statement(number, object_marking_refs=[statement(number + 1)])
            for number in range(first, last)
        ]
        with asked_of(program.engine) as found, program.work(CONSOLE) as work:
            assert set(said(take(work, chain, peer=None))) == {"marking-unresolved"}
        held.append(len(found))
        with asked_of(program.engine) as found, program.work(CONSOLE) as work:
            take(work, [a_statement(last)], peer=None)
            assert list_quarantine(work.session) == []
        freed.append(len(found))

    assert held[0] == held[1]
    assert freed[0] == freed[1]


def test_what_waited_keeps_the_marking_of_its_import(program: Program) -> None:
    with program.work(CONSOLE) as work:
        raw = indicator(1, object_marking_refs=[STATEMENT]).raw
        take(work, [raw], peer=None, tlp=Tlp.GREEN)
        take(work, [a_statement()], peer=None)

        query = sa.select(ObjectVersion.bound_tlp).join(StixObject)
        bound = work.session.scalars(query.where(StixObject.type == "indicator")).one()
        assert bound is Tlp.GREEN


def test_types_outside_the_agreement_are_refused_with_its_sentence(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, types=["malware"])

        arrival = one(work, indicator(1).raw, peer)

        assert (arrival.outcome, arrival.code) == (Outcome.REFUSED, "type")
        assert "indicator" in arrival.sentence


def test_a_peer_s_default_marking_is_bound_to_what_carries_none(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, default_tlp=Tlp.GREEN)

        take(work, [indicator(1).raw], peer=peer)

        assert _tlp(work, numbered("indicator", 1)) is Tlp.GREEN


def test_an_import_s_marking_binds_what_carries_none_and_red_is_refused(program: Program) -> None:
    with program.work(CONSOLE) as work:
        pieces = [indicator(1).raw, indicator(2, tlp=Tlp.GREEN).raw]
        take(work, pieces, peer=None, tlp=Tlp.CLEAR)

        assert _tlp(work, numbered("indicator", 1)) is Tlp.CLEAR
        assert _tlp(work, numbered("indicator", 2)) is Tlp.GREEN
        with pytest.raises(RedNotImported):
            take(work, pieces, peer=None, tlp=Tlp.RED)


def test_an_import_into_a_collection_releases_and_vouches(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, reader = a_reader(work, "cert-c"), a_reader(work)
        collection = a_collection(work, reader)
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=peer)

        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=None, collection=collection)

        assert len(work.session.scalars(sa.select(CollectionEntry)).all()) == 1
        vouched = sa.select(ObjectFacts.vouched).join(
            ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id
        )
        assert True in work.session.scalars(vouched).all()


def test_every_call_that_changes_something_leaves_one_line_with_its_counts(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        take(work, [indicator(1).raw, b"{}"], peer=peer)
    with program.work(CONSOLE) as work:
        take(work, [indicator(1).raw], peer=work.session.get(Peer, peer.id))

    with program.work(CONSOLE, write=False) as work:
        query = sa.select(AuditEntry.facts).where(AuditEntry.act == "arrivals.take")
        [facts] = work.session.scalars(query).all()
    assert '"taken":1' in facts
    assert '"refused":1' in facts


def test_a_post_to_an_inbox_is_taken_and_stands_nowhere(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)

        receipt = receive(work, peer, inbox, [indicator(1).raw, b"{}"])

        assert [detail["id"] for detail in receipt.successes] == [numbered("indicator", 1)]
        assert receipt.failures[0]["message"].startswith("missing-")
        assert work.session.scalars(sa.select(CollectionEntry)).all() == []
        assert find_receipt(work, peer, receipt.id).id == receipt.id


def test_a_receipt_is_its_peer_s_alone(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        receipt = receive(work, peer, inbox, [indicator(1).raw])

        with pytest.raises(NotFound):
            find_receipt(work, other, receipt.id)


def test_a_post_to_a_shared_collection_stands_there_as_the_peer_s(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        shared = a_collection(work, peer, alias="shared", kind=CollectionKind.SHARED)
        receive(work, peer, shared, [indicator(1, tlp=Tlp.GREEN).raw])

        [entry] = work.session.scalars(sa.select(CollectionEntry)).all()
        assert entry.brought_by_id == peer.id


def test_a_peer_cannot_put_our_objects_into_a_shared_collection(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        shared = a_collection(work, peer, alias="shared", kind=CollectionKind.SHARED)
        ours = indicator(1, tlp=Tlp.AMBER)
        put(work, ours)

        receive(work, peer, shared, [ours.raw])

        assert work.session.scalars(sa.select(CollectionEntry)).all() == []


def test_what_a_peer_may_not_see_is_answered_as_taken(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        put(work, indicator(1, tlp=Tlp.AMBER))
        before = versions(work)

        pieces = [indicator(1, name="Guess").raw, indicator(1, day=2).raw]
        receipt = receive(work, peer, inbox, pieces)

        assert receipt.failures == []
        assert [sorted(detail) for detail in receipt.successes] == [["id", "version"]] * 2
        assert versions(work) == before
        assert [row.code for row in list_quarantine(work.session)] == [
            "conflict",
            "foreign-version",
        ]


def test_whether_another_brought_a_definition_is_not_told(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        take(work, [a_statement(1)], peer=other)
        take(work, [indicator(1).raw, indicator(2).raw], peer=peer)  # objects that it may see

        pieces = [
            indicator(number, day=2, object_marking_refs=[statement(number)]).raw
            for number in (1, 2)
        ]
        receipt = receive(work, peer, inbox, pieces)

        assert receipt.failures == []
        assert [detail["id"] for detail in receipt.successes] == [
            numbered("indicator", 1),
            numbered("indicator", 2),
        ]
        assert [row.waits_for for row in list_quarantine(work.session)] == [statement(2)]


def test_a_fault_of_the_peer_s_own_is_told_beside_what_is_hidden(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        put(work, indicator(1, tlp=Tlp.AMBER))
        broken = indicator(1, day=3).raw.replace(b"ipv4-addr:value =", b"ipv4-addr:value ?")

        receipt = receive(work, peer, inbox, [indicator(1, day=2).raw, broken])

        assert len(receipt.successes) == 1
        assert [each["message"].split(":")[0] for each in receipt.failures] == ["bad-pattern"]


def test_what_is_hidden_is_found_with_one_question(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        inbox = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        take(work, [indicator(n).raw for n in range(40)], peer=other)
        asked = []
        for group in (range(1), range(2), range(2, 40)):  # the first makes the way known
            with asked_of(program.engine) as found:
                receive(work, peer, inbox, [indicator(n, day=2).raw for n in group])
            asked.append(len(found))

        assert asked[1] == asked[2]


def test_where_and_whether_a_peer_may_post(program: Program, clock: FakeClock) -> None:
    body = [indicator(1).raw]
    with program.work(CONSOLE) as work:
        peer, outsider = a_reader(work), a_reader(work, "cert-c")
        silent = a_reader(work, "cert-d", direction=Direction.GIVE)
        gone = a_reader(work, "cert-e", valid_until=work.now)
        inbox = a_collection(work, peer, silent, gone, alias="inbox", kind=CollectionKind.INBOX)
        published = a_collection(work, peer)

        with pytest.raises(NotFound):
            receive(work, outsider, inbox, body)
        with pytest.raises(NotFound):
            receive(work, gone, inbox, body)
        with pytest.raises(NotWritable):
            receive(work, silent, inbox, body)
        with pytest.raises(NotWritable):
            receive(work, peer, published, body)


def test_what_is_no_envelope_or_too_long_a_one_is_refused_whole() -> None:
    with pytest.raises(NothingSent):
        open_envelope(b"{}")
    with pytest.raises(NotJson):
        open_envelope(b"nonsense")
    assert len(open_envelope(_envelope(MAX_OBJECTS))) == MAX_OBJECTS
    with pytest.raises(TooManyObjects, match=str(MAX_OBJECTS)):
        open_envelope(_envelope(MAX_OBJECTS + 1))


def _envelope(count: int) -> bytes:
    return b'{"objects":[' + b",".join([b"{}"] * count) + b"]}"


def test_what_was_read_before_is_taken_as_its_bytes_are(program: Program) -> None:
    pieces = [indicator(1).raw, b"{}", b"[", indicator(1).raw]
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        read = said(take(work, [codec.read(piece) for piece in pieces], peer=peer))
        kept = {row.sha256 for row in list_quarantine(work.session)}

    assert read == ["taken", "missing-property", "not-json", "known"]
    assert kept == {hashlib.sha256(raw).hexdigest() for raw in (b"{}", b"[")}


def test_a_dropped_arrival_leaves_the_list_and_stays_on_record(program: Program) -> None:
    with program.work(CONSOLE) as work:
        take(work, [b"{}"], peer=None)
        [row] = list_quarantine(work.session)

        drop_arrival(work, Decide(row.id, "Looked at"))

        assert list_quarantine(work.session) == []
        assert work.session.get_one(Quarantined, row.id).body == b"{}"
        with pytest.raises(NoSuchArrival):
            drop_arrival(work, Decide(row.id, "Looked at"))


def test_hostile_texts_are_kept_without_breaking_the_database(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        pieces = [
            b'{"type":"indicator","id":"a\\u0000b"}',
            b'{"type":"indicator","id":"\\ud800"}',
            b"[" * 5000 + b"]" * 5000,
            b'{"a":1,"a":2}',
            b"\xff\xfe",
            b"",
        ]

        arrivals = take(work, pieces, peer=peer)

        assert {arrival.outcome for arrival in arrivals} == {Outcome.REFUSED}
        assert len(list_quarantine(work.session)) == len(pieces)


def _tlp(work: Work, stix_id: str) -> Tlp:
    query = (
        sa.select(ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(StixObject, StixObject.newest_id == ObjectVersion.id)
        .where(StixObject.stix_id == stix_id)
    )
    return work.session.scalars(query).one()


def a_level(level: str, created: str) -> bytes:
    """A definition under one id of a level of its own."""
    extension = {"extension_type": "property-extension", "tlp_2_0": level}
    return an_object(
        "marking-definition",
        id=STATEMENT,
        created=f"{created}T00:00:00.000Z",
        modified=None,
        created_by_ref=None,
        extensions={TLP2_EXTENSION: extension},
    )


def test_nobody_lowers_what_another_marks_by_sending_its_definition_first(program: Program) -> None:
    with program.work(CONSOLE) as work:
        thief, author = a_reader(work, "thief"), a_reader(work, "author")
        assert said(take(work, [a_level("clear", "2025-01-01")], peer=thief)) == ["taken"]
        marked = indicator(1, object_marking_refs=[STATEMENT]).raw

        arrivals = take(work, [a_level("red", "2025-01-02"), marked], peer=author)

        assert said(arrivals)[1] == "red-arrival"


def test_of_two_definitions_under_one_id_the_stricter_counts_then_and_later(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        both = [a_level("amber", "2025-01-01"), a_level("clear", "2025-01-02")]
        marked = [indicator(number, object_marking_refs=[STATEMENT]).raw for number in (1, 2)]

        take(work, [*both, marked[0]], peer=peer)
        take(work, [marked[1]], peer=peer)

        query = sa.select(ObjectFacts.tlp).where(ObjectFacts.type == "indicator").distinct()
        assert work.session.scalars(query).all() == [Tlp.AMBER]
