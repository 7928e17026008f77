"""Who changes what a reader may see, beside those who post: nobody waits for whom it does not concern."""

from pathlib import Path

import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.release.collections import add_member, find_collection
from cirt.release.models import CollectionKind
from tests.conftest import NOON
from tests.support.databases import Databases
from tests.support.release import a_collection, a_reader, published
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
