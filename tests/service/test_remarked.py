"""A later, stricter marking takes earlier versions out of feeds, as any other loss does."""

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.codec import StixObject
from cirt.objects.withholding import WithheldValue
from cirt.parties.models import Peer
from cirt.release.collections import find_collection
from cirt.release.filters import Filter
from cirt.release.models import CollectionKind
from cirt.release.withholding import let_go, withhold
from cirt.sharing.withheld.commands import LetGo, Withhold
from tests.support.release import (
    a_collection,
    a_reader,
    names,
    our_indicator,
    published,
    read_page,
    walk,
)
from tests.support.store import indicator, relationship


def a_shared_room(program: Program) -> tuple[Peer, Peer]:
    """Who posts, and who reads up to GREEN."""
    with program.work(CONSOLE) as work:
        poster = a_reader(work, "cert-a")
        reader = a_reader(work, "cert-b", ceiling=Tlp.GREEN)
        a_collection(work, poster, reader, kind=CollectionKind.SHARED)
    return poster, reader


def post(program: Program, peer: Peer, *objects: StixObject) -> None:
    with program.work(CONSOLE) as work:
        collection = find_collection(work.session, "indicators")
        take(work, objects, peer=work.session.get_one(Peer, peer.id), collection=collection)


def test_a_page_does_not_say_that_more_follows_where_all_that_follows_was_marked_more_strictly(
    program: Program,
) -> None:
    poster, reader = a_shared_room(program)
    post(program, poster, indicator(1, tlp=Tlp.GREEN))
    post(program, poster, indicator(2, tlp=Tlp.GREEN))

    post(program, poster, indicator(2, day=2, tlp=Tlp.AMBER))

    shown = read_page(program, reader, wanted=Filter(types=("indicator",)), limit=1)
    assert names(shown.rows) == [indicator(1).stix_id]
    assert not shown.more


def test_nothing_opens_behind_a_reader_when_a_later_marking_is_lower_again(
    program: Program,
) -> None:
    poster, reader = a_shared_room(program)
    post(program, poster, indicator(1, tlp=Tlp.GREEN))
    post(program, poster, indicator(1, day=2, tlp=Tlp.AMBER))
    post(program, poster, indicator(2, tlp=Tlp.GREEN))
    seen = walk(program, reader)

    post(program, poster, indicator(1, day=3, tlp=Tlp.GREEN))

    every = walk(program, reader)
    assert every[: len(seen)] == seen
    assert [row.version_text[8:10] for row in every[len(seen) :]] == ["03"]


def test_a_relationship_that_stayed_for_its_end_comes_at_the_end_of_the_feed_with_it(
    program: Program,
) -> None:
    poster, reader = a_shared_room(program)
    between = relationship(indicator(1).stix_id, indicator(2).stix_id)
    post(program, poster, indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.GREEN), between)
    post(program, poster, indicator(1, day=2, tlp=Tlp.AMBER))
    post(program, poster, indicator(3, tlp=Tlp.GREEN))
    seen = walk(program, reader)
    assert between.stix_id not in names(seen)

    post(program, poster, indicator(1, day=3, tlp=Tlp.GREEN))

    every = walk(program, reader)
    assert every[: len(seen)] == seen
    assert names(every[len(seen) :]) == [indicator(1).stix_id, between.stix_id]


def test_a_relationship_goes_and_comes_with_what_the_do_not_share_list_keeps(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        collection = a_collection(work, reader)
        first, second = our_indicator(work), our_indicator(work, "203.0.113.9")
        between = relationship(first.stix_id, second.stix_id)
        published(work, collection, first, second, between)
    with program.work(CONSOLE) as work:
        withhold(work, Withhold(text="198.51.100.7", reason="Ours"))
    with program.work(CONSOLE) as work:
        published(
            work, find_collection(work.session, "indicators"), our_indicator(work, "192.0.2.1")
        )
    seen = walk(program, reader)
    assert between.stix_id not in names(seen)

    with program.work(CONSOLE) as work:
        ids = tuple(work.session.scalars(sa.select(WithheldValue.id)))
        let_go(work, LetGo(ids=ids, reason="Over"))

    every = walk(program, reader)
    assert every[: len(seen)] == seen
    assert set(names(every[len(seen) :])) == {first.stix_id, between.stix_id}
