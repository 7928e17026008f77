"""The ledger: what was offered and fetched, when, in which version, under which marking and agreement, by which way."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.codec import StixObject
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer
from cirt.release.collections import find_collection
from cirt.release.commands import Revoke
from cirt.release.filters import Filter
from cirt.release.holdings.accounting import account_due, account_in_slices, rows_shown
from cirt.release.holdings.handing import note_handed_out
from cirt.release.holdings.holds import Hold
from cirt.release.holdings.models import Accounted, Exit, FetchedRow
from cirt.release.holdings.of_peer import HeldLine, PeerFilter, Shown, held_page
from cirt.release.holdings.queries import holds_of
from cirt.release.ledger import Reading, record_pages
from cirt.release.models import Feed, FeedRow, PageRead
from cirt.release.paging import NamedPage
from cirt.release.reach import given_since, reach, spread
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.models import Agreement
from tests.support.release import (
    ALL,
    a_collection,
    a_reader,
    our_indicator,
    published,
    read_page,
    revised,
    walk,
)
from tests.support.store import indicator, marked, put


def offered(program: Program, *slugs: str) -> tuple[StixObject, list[Peer]]:
    with program.work(CONSOLE) as work:
        peers = [a_reader(work, slug) for slug in slugs]
        made = our_indicator(work)
        published(work, a_collection(work, *peers), made)
    return made, peers


def holds(program: Program, made: StixObject) -> dict[str, Hold]:
    """By slug."""
    with program.work(CONSOLE, write=False) as work:
        object_id = work.session.scalars(
            sa.select(ObjectRow.id).where(ObjectRow.stix_id == made.stix_id)
        ).one()
        slugs = {peer.id: peer.slug for peer in work.session.scalars(sa.select(Peer))}
        found = holds_of(work.session, [object_id]).get(object_id, [])
    return {slugs[hold.peer_id]: hold for hold in found}


@pytest.mark.parametrize("accounted", [False, True])
def test_it_tells_who_was_offered_and_fetched_what_when_under_what(
    program: Program, clock: FakeClock, *, accounted: bool
) -> None:
    made, [reads, idle] = offered(program, "reads", "idle")
    clock.forward(minutes=5)
    at = clock.now()
    read_page(program, reads)
    if accounted:
        account_due(program)

    found = holds(program, made)

    [got] = found["reads"].got
    assert (got.at, got.way, got.tlp) == (at, "objects", Tlp.GREEN)
    assert got.agreement == f"MOU-2026-{reads.id:04} v1"
    assert got.version.text == made.version_text
    assert found["idle"].since is not None
    assert found["idle"].got == []
    assert idle.id == found["idle"].peer_id


def test_what_was_fetched_before_keeps_its_agreement_and_its_marking(
    program: Program, clock: FakeClock
) -> None:
    made, [peer] = offered(program, "peer")
    read_page(program, peer)
    account_due(program)
    clock.forward(minutes=1)
    with program.work(CONSOLE) as work:
        work.session.scalars(sa.select(Agreement)).one().version = 2
        stricter = revised(made.raw, program, object_marking_refs=marked(Tlp.AMBER))
        published(work, find_collection(work.session, "indicators"), stricter)
    read_page(program, peer)
    account_due(program)

    first, second = holds(program, made)["peer"].got

    assert (first.tlp, first.agreement) == (Tlp.GREEN, f"MOU-2026-{peer.id:04} v1")
    assert (second.tlp, second.agreement) == (Tlp.AMBER, f"MOU-2026-{peer.id:04} v2")


def test_what_went_another_way_stands_beside_it(program: Program) -> None:
    made, [peer] = offered(program, "peer")
    with program.work(CONSOLE) as work:
        other = a_reader(work, "other")
        [stored] = put(work, made)
        note_handed_out(work, Exit.MAIL, other.id, [stored.version_id], person="Duty officer")

    found = holds(program, made)

    assert found["other"].exit is Exit.MAIL
    assert found["other"].had_it
    assert found["other"].since is None
    assert found["other"].got[0].agreement == f"MOU-2026-{other.id:04} v1"
    assert peer.slug in found


def test_a_page_is_accounted_for_once_by_however_many_workers(program: Program) -> None:
    _, [peer] = offered(program, "peer")
    for limit in (1, 2, 3):
        walk(program, peer, limit=limit)
    threads = [threading.Thread(target=account_due, args=(program,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with program.work(CONSOLE, write=False) as work:
        rows = work.session.scalar(sa.select(sa.func.count()).select_from(FeedRow))
        kept = work.session.scalar(sa.select(sa.func.count()).select_from(FetchedRow))
        newest = work.session.scalar(sa.select(sa.func.max(PageRead.id)))
        mark = work.session.scalar(sa.select(Accounted.page_id))
    assert kept == rows
    assert mark == newest
    assert account_due(program) == 0


def test_pages_are_accounted_for_in_short_slices_and_the_same_ones_once(program: Program) -> None:
    offered(program, "peer")
    with program.work(CONSOLE) as work:
        feed = work.session.scalars(sa.select(Feed)).one()
        pages = [(n, 900) for n in range(5)] + [(9, 900)] * 150
        for start, count in pages:
            record_pages(
                work,
                [Reading(feed.id, "objects", ALL, count, start, start + 1, feed.last_us, count)],
            )

    slices = list(account_in_slices(program))

    assert slices == [2, 2, 100, 51]


filters = st.builds(
    Filter,
    types=st.sampled_from([(), ("indicator",), ("marking-definition", "identity")]),
    versions=st.sampled_from([("last",), ("all",), ("first",), ("first", "last")]),
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("read"), filters, st.integers(1, 4)),
        st.tuples(st.just("publish"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(st.just("revoke"), st.integers(1, 4), st.just(0)),
    ),
    min_size=3,
    max_size=8,
)


@given(acts=acts)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_accounting_says_what_the_pages_showed(program: Program, acts: list[tuple]) -> None:  # type: ignore[type-arg]
    """The readers themselves keep what they were given; the ledger, accounted for at any moment, says the same."""
    slug = f"peer-{_count(program)}"
    alias = f"c-{slug}"
    seen: Counter[tuple[str, int]] = Counter()
    with program.work(CONSOLE) as work:
        peer = a_reader(work, slug)
        a_collection(work, peer, alias=alias)
        base = [our_indicator(work, f"203.0.113.{n}") for n in range(1, 5)]
    standing = {n: base[n - 1] for n in range(1, 5)}
    gone: set[int] = set()
    for number, (act, one, two) in enumerate(acts):
        program.clock.forward(seconds=1)  # type: ignore[attr-defined]
        if act == "read":
            for row in walk(program, peer, alias, one, limit=two):
                seen[row.stix_id, row.version_id] = 1
        elif act == "publish" and one not in gone:
            with program.work(CONSOLE) as work:
                standing[one] = revised(standing[one].raw, program, name=f"n{number}")
                published(work, find_collection(work.session, alias), standing[one])
        elif act == "revoke" and one not in gone and _is_known(program, standing[one]):
            with program.work(CONSOLE) as work:
                revoke_indicator(work, Revoke(standing[one].stix_id, "Wrong"))
            gone.add(one)
        if number % 3 == 0:
            account_due(program)

    with program.work(CONSOLE, write=False) as work:
        rows = work.session.execute(
            sa.select(ObjectRow.id, ObjectRow.stix_id).where(ObjectRow.newest_id.is_not(None))
        )
        names = {row.id: row.stix_id for row in rows}
        said = {
            (names[object_id], got.version_id)
            for object_id, each in holds_of(work.session, list(names)).items()
            for hold in each
            if hold.peer_id == peer.id
            for got in hold.got
        }
    assert said == set(seen)


def _count(program: Program) -> int:
    with program.work(CONSOLE, write=False) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Peer)) or 0


def _is_known(program: Program, made: StixObject) -> bool:
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(ObjectRow.id).where(ObjectRow.stix_id == made.stix_id)
        return work.session.scalar(query) is not None


def test_a_peers_page_goes_through_all_it_holds_by_dates(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        one, two = a_collection(work, peer), a_collection(work, peer, alias="more")
        published(work, one, *(indicator(n, tlp=Tlp.GREEN) for n in range(1, 41)))
        published(work, two, *(indicator(n, tlp=Tlp.CLEAR) for n in range(41, 61)))
    walk(program, peer, limit=7)
    walk(program, peer, "more", limit=7)
    account_due(program)

    pages = [_held(program, peer)]
    while pages[-1].older:
        pages.append(_held(program, peer, cursor=pages[-1].older))
    back = _held(program, peer, cursor=pages[-1].newer or "")

    names = [line.stix_id for page in pages for line in page.lines if line.type == "indicator"]
    assert len(names) == len(set(names)) == 60
    assert [line.stix_id for line in back.lines] == [line.stix_id for line in pages[-2].lines]
    assert all(page.older is None or page.older.startswith("after.17") for page in pages)
    assert len(_held(program, peer, PeerFilter(tlp=Tlp.CLEAR, type="indicator")).lines) == 20
    clock.forward(days=3)
    late = PeerFilter(first=clock.now())
    assert _held(program, peer, late).lines == []


def test_a_peers_page_tells_what_was_never_fetched_and_what_was_recalled(program: Program) -> None:
    made, [peer] = offered(program, "peer")
    assert made.stix_id in _ids(_held(program, peer, PeerFilter(Shown.OFFERED)))
    read_page(program, peer)
    account_due(program)
    assert _ids(_held(program, peer, PeerFilter(Shown.OFFERED))) == set()
    assert made.stix_id in _ids(_held(program, peer))

    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(made.stix_id, "Wrong"))

    assert _ids(_held(program, peer, PeerFilter(Shown.RECALLED))) == {made.stix_id}


def _held(
    program: Program, peer: Peer, wanted: PeerFilter | None = None, cursor: str = ""
) -> NamedPage[HeldLine]:
    with program.work(CONSOLE, write=False) as work:
        return held_page(work.session, peer.id, wanted or PeerFilter(), sa.true(), cursor)


def _ids(page: NamedPage[HeldLine]) -> set[str]:
    return {line.stix_id for line in page.lines}


def test_the_words_count_peers_and_not_ways(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peers = [a_reader(work, slug) for slug in ("one", "two", "three")]
        made = our_indicator(work)
        for alias in ("a1", "a2"):
            published(work, a_collection(work, *peers, alias=alias), made)
    read_page(program, peers[0], "a1")
    read_page(program, peers[0], "a2")
    read_page(program, peers[1], "a2")

    with program.work(CONSOLE, write=False) as work:
        query = sa.select(ObjectRow.id).where(ObjectRow.stix_id == made.stix_id)
        said = spread(reach(work, work.session.scalars(query).one()))
        given_now = given_since(work.session, work.now)
    assert (said.offered, said.have, said.not_yet) == (3, ["ONE", "TWO"], ["THREE"])
    assert given_now[peers[0].id] > given_now[peers[1].id] > 0


def test_a_page_is_accounted_for_along_its_own_rows(program: Program) -> None:
    """SQLite's plan names the bounds that it takes: the page's, not the whole feed's."""
    if program.engine.dialect.name != "sqlite":
        return
    page = {"feed": 1, "from_us": 5, "to_us": 9, "head_us": 99}
    for versions in ("all", "last"):
        query = rows_shown(Filter(versions=(versions,)).shape).params(page)
        with program.engine.connect() as connection:
            asked = query.compile(connection, compile_kwargs={"literal_binds": True})
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
        steps = [str(step[3]) for step in plan]
        assert any("feed_id=? AND date_us>? AND date_us<?" in step for step in steps), steps
        assert not any(step.startswith("SCAN") for step in steps), steps
        if versions == "last":
            assert any("ix_feed_row_object" in step for step in steps), steps


def test_no_list_of_the_ledger_looks_through_all_pages(program: Program) -> None:
    """With many pages answered, one object's way is looked up; the plan says so, and not a clock."""
    made, [peer] = offered(program, "peer")
    with program.work(CONSOLE) as work:
        feed = work.session.scalars(sa.select(Feed)).one()
        for n in range(50):
            record_pages(
                work,
                [Reading(feed.id, "objects", ALL, 10, n, n + 1, feed.last_us, 1)],
            )
    walk(program, peer)
    account_due(program)
    statements: list[tuple[str, object]] = []

    def listen(_c: object, _cursor: object, text: str, values: object, *_: object) -> None:
        if "page_read" in text and text.lstrip().startswith("SELECT"):
            statements.append((text, values))

    sa.event.listen(program.engine, "before_cursor_execute", listen)
    holds(program, made)
    with program.work(CONSOLE, write=False) as work:
        given_since(work.session, work.now)
        held_page(work.session, peer.id, PeerFilter(), sa.true())
    sa.event.remove(program.engine, "before_cursor_execute", listen)

    assert statements
    if program.engine.dialect.name == "sqlite":
        with program.engine.connect() as connection:
            for text, values in statements:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()  # type: ignore[arg-type]
                assert not any("SCAN page_read" in str(step) for step in plan), (text, plan)
