"""Feeds of readers: dates, filters, pages, the ledger, and removal."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, ActorKind, Work
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.release.collections import find_collection
from cirt.release.errors import NoSuchObject, RemovalRefused
from cirt.release.filters import Filter
from cirt.release.holdings.queries import holds_of
from cirt.release.ledger import Reading, record_pages
from cirt.release.models import CollectionEntry, CollectionKind, Feed, FeedRow, PageRead
from cirt.release.pages import holds
from cirt.release.publishing import publish
from cirt.release.removal import remove_object
from cirt.release.windows import find_place
from cirt.sharing.queries import peer_reader
from tests.support.release import (
    ALL,
    a_collection,
    a_reader,
    names,
    published,
    read_page,
    walk,
)
from tests.support.store import indicator, put, relationship


def a_feed(program: Program, *versions: tuple[int, int]) -> Peer:
    """A reader of a collection of (indicator, day), each published by itself."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        a_collection(work, peer)
    for number, day in versions:
        add(program, number, day)
    return peer


def add(program: Program, number: int, day: int = 1) -> None:
    with program.work(CONSOLE) as work:
        collection = find_collection(work.session, "indicators")
        published(work, collection, indicator(number, day=day, tlp=Tlp.GREEN))


def days(program: Program, peer: Peer, *versions: str | int) -> list[str]:
    """The versions that a filter gives, as their days."""
    rows = walk(program, peer, wanted=Filter(versions=versions))
    return [row.version_text[8:10] for row in rows]


def count(work: Work, table: type[PageRead | FeedRow]) -> int:
    return work.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def object_id(work: Work, number: int) -> int:
    query = sa.select(StixObject.id).where(StixObject.stix_id == indicator(number).stix_id)
    return work.session.scalars(query).one()


def test_dates_rise_though_the_clock_stands_still(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1), (3, 1))

    dates = [row.date_us for row in walk(program, peer)]

    assert dates == sorted(set(dates))


def test_dates_rise_though_the_clock_steps_back(program: Program, clock: FakeClock) -> None:
    peer = a_feed(program, (1, 1))
    cursor = walk(program, peer)[-1].date_us
    clock.forward(hours=-1)

    add(program, 2)

    answer = read_page(program, peer, after_us=cursor)
    assert names(answer.rows) == [indicator(2).stix_id]


def test_added_after_is_strictly_later(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1))
    first, second = walk(program, peer)

    wanted = Filter(versions=("all",), added_after_us=first.date_us)

    assert read_page(program, peer, wanted=wanted).rows == [second]


def test_the_position_of_a_token_wins_over_added_after(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1))
    first, second = walk(program, peer)

    wanted = Filter(versions=("all",), added_after_us=second.date_us)

    assert read_page(program, peer, wanted=wanted, after_us=first.date_us).rows == [second]


def test_a_page_is_no_longer_than_its_limit_and_says_if_there_is_more(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1), (3, 1))

    page = read_page(program, peer, limit=2)
    rest = read_page(program, peer, limit=2, after_us=page.position_us)

    assert (len(page.rows), page.more) == (2, True)
    assert (len(rest.rows), rest.more) == (1, False)


def test_versions_are_chosen_by_first_last_all_and_instant(program: Program) -> None:
    peer = a_feed(program, (1, 1), (1, 2), (1, 3))
    second = indicator(1, day=2).version_us

    assert days(program, peer, "last") == ["03"]
    assert days(program, peer, "first") == ["01"]
    assert days(program, peer, "all") == ["01", "02", "03"]
    assert days(program, peer, second) == ["02"]
    assert days(program, peer, "first", second) == ["01", "02"]


def test_an_older_version_that_comes_late_is_an_addition_but_not_the_last(program: Program) -> None:
    peer = a_feed(program, (1, 2))
    cursor = walk(program, peer)[-1].date_us

    add(program, 1, day=1)

    assert days(program, peer, "last") == ["02"]
    assert days(program, peer, "first") == ["01"]
    late = read_page(program, peer, after_us=cursor)
    assert [row.version_text[8:10] for row in late.rows] == ["01"]


def test_ids_types_and_spec_versions_narrow_together(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1))
    one = indicator(1).stix_id

    def found(**wanted: tuple[str, ...]) -> list[str]:
        return names(read_page(program, peer, wanted=Filter(**wanted)).rows)  # type: ignore[arg-type]  # by name

    assert found(ids=(one,)) == [one]
    assert found(ids=(one,), types=("malware",)) == []
    assert len(found(types=("indicator", "malware"))) == 2
    assert found(spec_versions=("2.0",)) == []
    assert len(found(spec_versions=("2.0", "2.1"))) == 2


def test_a_page_of_objects_carries_the_bytes_as_they_came(program: Program) -> None:
    peer = a_feed(program, (1, 1))

    page = read_page(program, peer)

    assert [each.body for each in page.objects] == [indicator(1, tlp=Tlp.GREEN).raw]


def test_only_pages_with_objects_are_written_down(program: Program) -> None:
    peer = a_feed(program, (1, 1))
    last = walk(program, peer)[-1].date_us
    with program.work(CONSOLE, write=False) as work:
        before = count(work, PageRead)

    for endpoint in ("manifest", "versions"):
        assert read_page(program, peer, endpoint=endpoint).rows
    assert read_page(program, peer, after_us=last).rows == []

    with program.work(CONSOLE, write=False) as work:
        assert before == count(work, PageRead) == 1


def test_an_object_that_the_filter_leaves_out_is_still_held(program: Program) -> None:
    peer = a_feed(program, (1, 1))
    with program.work(CONSOLE, write=False) as work:
        reader = peer_reader(work.session, peer.id, work.now)
        collection = find_collection(work.session, "indicators")

        place = find_place(work, reader, collection)
        assert holds(work, place, indicator(1).stix_id)
        assert not holds(work, place, indicator(9).stix_id)


def test_a_relationship_goes_only_where_both_ends_may(program: Program) -> None:
    with program.work(CONSOLE) as work:
        wide, narrow = a_reader(work, "wide"), a_reader(work, "narrow", ceiling=Tlp.GREEN)
        collection = a_collection(work, wide, narrow)
        hidden, shown = indicator(1, tlp=Tlp.AMBER), indicator(2, tlp=Tlp.GREEN)
        published(work, collection, hidden, shown, relationship(hidden.stix_id, shown.stix_id))

    assert len(names(walk(program, wide))) == 3
    assert names(walk(program, narrow)) == [shown.stix_id]
    manifest = read_page(program, narrow, endpoint="manifest")
    assert names(manifest.rows) == [shown.stix_id]


def test_a_later_stricter_marking_hides_what_came_before(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling=Tlp.GREEN)
        published(work, a_collection(work, peer), indicator(1, tlp=Tlp.GREEN, day=1))
        put(work, indicator(1, tlp=Tlp.AMBER, day=2))

    assert read_page(program, peer).rows == []
    assert read_page(program, peer, endpoint="manifest").rows == []


def test_a_page_is_filled_up_where_some_of_it_is_hidden(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling=Tlp.GREEN)
        shown = [indicator(number, tlp=Tlp.GREEN) for number in range(1, 7)]
        published(work, a_collection(work, peer), *shown)
        put(work, *(indicator(number, tlp=Tlp.AMBER, day=2) for number in (2, 3, 6)))

    first = read_page(program, peer, limit=2)
    second = read_page(program, peer, after_us=first.position_us, limit=2)

    for page, wanted in ((first, (1, 4)), (second, (5,))):
        expected = [shown[number - 1] for number in wanted]
        assert [row.stix_id for row in page.rows] == [one.stix_id for one in expected]
        bodies = b",".join(part.body for part in page.objects if part.body)
        assert bodies == b",".join(one.raw for one in expected)
    assert not second.more


def fetched_days(program: Program, number: int) -> list[str]:
    with program.work(CONSOLE, write=False) as work:
        [hold] = holds_of(work.session, [object_id(work, number)])[object_id(work, number)]
        return sorted({got.version.text[8:10] for got in hold.got})


def test_the_ledger_knows_what_each_page_showed(program: Program) -> None:
    peer = a_feed(program, (1, 1), (2, 1))
    assert fetched_days(program, 1) == []

    read_page(program, peer, wanted=Filter(), limit=1)
    add(program, 1, day=2)

    assert fetched_days(program, 1) == ["01"]
    assert fetched_days(program, 2) == []
    read_page(program, peer, wanted=Filter())
    assert fetched_days(program, 1) == ["01", "02"]
    assert fetched_days(program, 2) == ["01"]


def test_what_a_filter_left_out_was_not_fetched(program: Program) -> None:
    peer = a_feed(program, (1, 1), (1, 2), (2, 1))

    read_page(program, peer, wanted=Filter(versions=("first",), ids=(indicator(1).stix_id,)))

    assert fetched_days(program, 1) == ["01"]
    assert fetched_days(program, 2) == []


def test_a_page_that_was_read_before_rows_closed_is_not_written_down(program: Program) -> None:
    a_feed(program, (1, 1))
    with program.work(CONSOLE) as work:
        feed = work.session.scalars(sa.select(Feed)).one()
        stale = Reading(feed.id, "objects", ALL, 10, -1, feed.last_us, feed.last_us, 1)
        feed.last_us += 1
        feed.closed_us = feed.last_us
        work.session.flush()

        assert record_pages(work, [stale]) == [False]
        assert count(work, PageRead) == 0


def a_shared_space(program: Program) -> tuple[Peer, Peer]:
    with program.work(CONSOLE) as work:
        one, two = a_reader(work, "one"), a_reader(work, "two")
        a_collection(work, one, two, kind=CollectionKind.SHARED)
    return one, two


def post(program: Program, peer: Peer, number: int, day: int = 1) -> None:
    with program.work(Actor(ActorKind.PEER, peer.id, peer.slug)) as work:
        [stored] = put(work, indicator(number, day=day, tlp=Tlp.GREEN), origin=peer)
        collection = find_collection(work.session, "indicators")
        publish(work, collection, [stored.version_id], brought_by=peer)


def remove(program: Program, peer: Peer, number: int, wanted: Filter | None = None) -> int:
    with program.work(Actor(ActorKind.PEER, peer.id, peer.slug)) as work:
        collection = find_collection(work.session, "indicators")
        return remove_object(work, peer, collection, indicator(number).stix_id, wanted)


def test_a_peer_removes_what_it_brought_for_everybody(program: Program) -> None:
    one, two = a_shared_space(program)
    post(program, one, 1)

    assert remove(program, one, 1) == 1

    assert walk(program, one) == walk(program, two) == []
    with pytest.raises(NoSuchObject):
        remove(program, one, 1)


def test_nothing_is_removed_if_another_brought_a_part_of_it(program: Program) -> None:
    one, two = a_shared_space(program)
    post(program, one, 1, day=1)
    post(program, two, 1, day=2)

    with pytest.raises(RemovalRefused):
        remove(program, one, 1)

    assert len(walk(program, two)) == 2
    assert remove(program, one, 1, Filter(versions=("first",))) == 1
    assert days(program, two, "all") == ["02"]


def test_what_we_published_cannot_be_removed_by_a_peer(program: Program) -> None:
    peer = a_feed(program, (1, 1))

    with pytest.raises(RemovalRefused):
        remove(program, peer, 1)

    assert len(walk(program, peer)) == 1


def test_an_inbox_cannot_be_removed_from(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        a_collection(work, peer, kind=CollectionKind.INBOX)
    post(program, peer, 1)

    with pytest.raises(RemovalRefused):
        remove(program, peer, 1)


def test_what_was_removed_and_posted_again_has_a_new_date(program: Program) -> None:
    one, two = a_shared_space(program)
    post(program, one, 1)
    [before] = walk(program, two)
    remove(program, one, 1)

    post(program, one, 1)

    [after] = walk(program, two)
    assert (after.version_id, after.date_us > before.date_us) == (before.version_id, True)


def test_when_the_last_version_goes_the_one_before_is_offered_anew(program: Program) -> None:
    one, two = a_shared_space(program)
    post(program, one, 1, day=1)
    post(program, one, 1, day=2)
    cursor = walk(program, two)[0].date_us  # past the first version, which was not the last then

    remove(program, one, 1, Filter(versions=("last",)))

    late = read_page(program, two, wanted=Filter(), after_us=cursor)
    assert [row.version_text[8:10] for row in late.rows] == ["01"]
    assert len(walk(program, two)) == 1


def test_rows_and_removals_stay_in_the_ledger(program: Program) -> None:
    one, _ = a_shared_space(program)
    post(program, one, 1)
    remove(program, one, 1)

    with program.work(CONSOLE, write=False) as work:
        assert count(work, FeedRow) == 2
        assert work.session.scalars(sa.select(CollectionEntry)).all() == []


def poll(program: Program, peer: Peer, done: threading.Event, *, by_token: bool) -> list[str]:
    """What a client meets that reads on until the writers are done and nothing new comes."""
    met: list[str] = []
    after_us: int | None = None
    while True:
        is_last_round = done.is_set()
        answer = read_page(program, peer, after_us=after_us, limit=5)
        met += names(answer.rows)
        if answer.rows:
            after_us = answer.position_us if by_token else answer.rows[-1].date_us
        elif is_last_round:
            return met


def test_readers_lose_and_double_nothing_while_others_write(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        a_collection(work, peer)
    done = threading.Event()

    def write(numbers: range) -> None:
        for number in numbers:
            add(program, number)

    with ThreadPoolExecutor() as pool:
        polls = [
            pool.submit(poll, program, peer, done, by_token=by_token) for by_token in (True, False)
        ]
        writers = [pool.submit(write, range(start, start + 12)) for start in (1, 13, 25, 37)]
        wait(writers)
        done.set()

    assert [each.exception() for each in writers] == [None] * 4
    expected = sorted(indicator(number).stix_id for number in range(1, 49))
    assert [sorted(each.result()) for each in polls] == [expected, expected]
