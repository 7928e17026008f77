"""Who changes what a reader may see, beside those who post: nobody waits for whom it does not concern."""

from pathlib import Path

import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.release.collections import add_member, find_collection
from cirt.release.ledger import Reading, record_pages, record_together
from cirt.release.locks import feeds_of
from cirt.release.models import CollectionKind, Feed
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.queries import agreements
from tests.conftest import NOON
from tests.support.databases import Databases
from tests.support.release import ALL, a_collection, a_reader, published
from tests.support.store import indicator, put


def test_a_feed_is_made_while_a_post_holds_its_objects(
    databases: Databases, tmp_path: Path
) -> None:
    """Posts lock objects, then collections; making a feed right locks collections, then writes rows that refer
    to objects. If those waited, the two would wait for each other. SQLite has one writer at a time anyway.
    """
    with databases.program("postgresql", tmp_path, FakeClock(NOON)) as program:
        with program.work(CONSOLE) as work:
            peer = a_reader(work)
            published(
                work, a_collection(work, kind=CollectionKind.SHARED), indicator(tlp=Tlp.GREEN)
            )

        with program.work(CONSOLE) as posting:
            put(posting, indicator(day=2, tlp=Tlp.GREEN))
            with program.work(CONSOLE) as settling:
                settling.session.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
                collection = find_collection(settling.session, "indicators")
                offered = add_member(settling, collection, settling.session.merge(peer))

    assert offered == 1


def test_a_feed_that_is_being_changed_holds_up_no_other_feeds_pages(
    databases: Databases, tmp_path: Path
) -> None:
    """Pages of many feeds are written down together. Waiting for one of them with the others in hand, they would
    also meet those who lock feeds in another order.
    """
    with databases.program("postgresql", tmp_path, FakeClock(NOON)) as program:
        with program.work(CONSOLE) as work:
            for slug in ("cert-b", "cert-c"):
                a_collection(work, a_reader(work, slug), alias=f"for-{slug}")
            one, other = work.session.scalars(sa.select(Feed).order_by(Feed.id))
        readings = [
            Reading(feed.id, "objects", ALL, 10, -1, feed.last_us, feed.last_us, 1)
            for feed in (one, other)
        ]
        with program.work(CONSOLE) as changing:
            feeds_of(changing.session, Feed.id == other.id)
            assert record_together(program, readings) == [True, False]

        with program.work(CONSOLE) as recording:
            assert record_pages(recording, readings[1:]) == [True]


def test_a_member_is_added_while_an_agreement_with_it_changes(
    databases: Databases, tmp_path: Path
) -> None:
    """An agreement is changed first and the feeds after it; adding a member goes the other way round."""
    with databases.program("postgresql", tmp_path, FakeClock(NOON)) as program:
        with program.work(CONSOLE) as work:
            peer = a_reader(work)
            published(work, a_collection(work), indicator(tlp=Tlp.GREEN))
            [(agreement, _)] = agreements(work.session)

        with program.work(CONSOLE) as changing:
            change_agreement(changing, ChangeAgreement(agreement.reference, ceiling=Tlp.GREEN))
            with program.work(CONSOLE) as adding:
                adding.session.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
                collection = find_collection(adding.session, "indicators")
                offered = add_member(adding, collection, adding.session.merge(peer))

    assert offered == 1
