"""What a peer floods us with fills neither the disk nor the desk: past a bound nothing more is taken, and none lost."""

from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange import room
from cirt.exchange.arrivals import take
from cirt.exchange.cases.commands import Decide
from cirt.exchange.cases.deciding import drop_arrival
from cirt.exchange.models import Quarantined
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.receipts import NoRoom, receive
from cirt.exchange.room import check_room, full_peers
from cirt.exchange.runs import Caps
from cirt.exchange.trouble import DiskLow, QuarantineFull
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from cirt.release.models import CollectionKind
from tests.support.browse import signed_in
from tests.support.plain_peer import plain_peer
from tests.support.release import a_collection, a_reader
from tests.support.store import indicator, numbered
from tests.support.sync import a_link, have

FUTURE: dict[str, Any] = {"modified": "2099-01-01T00:00:00.000Z"}
CAPS = Caps(page_size=2)


@pytest.fixture(autouse=True)
def for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrivals, not for four."""
    monkeypatch.setattr(room, "MOST", 4 * len(indicator(1, **FUTURE).raw) + 3 * 1024)


def waiting(program: Program) -> list[int]:
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(Quarantined.id).where(Quarantined.settled_at.is_(None))
        return list(work.session.scalars(query.order_by(Quarantined.id)))


def test_a_pull_stops_where_quarantine_is_full_and_goes_on_from_there(program: Program) -> None:
    objects = [indicator(n, **FUTURE).content() for n in range(1, 5)]
    objects += [indicator(n).content() for n in (5, 6)]
    with plain_peer(objects) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        full = pull_link(program, link_id, caps=CAPS)
        peer.requests.clear()
        again = pull_link(program, link_id, caps=CAPS)
        asked = list(peer.requests)
        for number in waiting(program)[:2]:
            with program.work(CONSOLE) as work:
                drop_arrival(work, Decide(number, "Nonsense"))
        rest = pull_link(program, link_id, caps=CAPS)

    assert (full.error, full.held, full.taken) == ("quarantine-full", 4, 0)
    assert (again.error, again.offered) == ("quarantine-full", 0)
    assert asked == []  # what could not be kept is not even asked for
    assert (rest.error, rest.taken) == (None, 2)
    assert have(program) == [numbered("indicator", 5), numbered("indicator", 6)]


def test_an_envelope_is_refused_whole_and_other_peers_go_on(program: Program) -> None:
    with program.work(CONSOLE) as work:
        flooding = a_reader(work)
        take(work, [indicator(n, **FUTURE).raw for n in range(1, 5)], peer=flooding)
        other = a_reader(work, "cert-c")
        inbox = a_collection(work, flooding, other, alias="inbox", kind=CollectionKind.INBOX)

        check_room(work.session, other)
        with pytest.raises(QuarantineFull) as told:
            check_room(work.session, flooding)
        assert full_peers(work.session) == [flooding]
        with pytest.raises(NoRoom):
            receive(work, flooding, inbox, [indicator(9).raw])
        assert receive(work, other, inbox, [indicator(9).raw]).failures == []

    assert told.value.values == {"peer": flooding.slug, "size": 0}


def test_what_the_peer_is_not_told_of_does_not_stop_it_either(program: Program) -> None:
    """Else it would learn from being stopped what its answers keep from it."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        marked: dict[str, Any] = {"object_marking_refs": [numbered("marking-definition", 9)]}
        take(work, [indicator(n, **marked).raw for n in range(1, 9)], peer=peer)

        check_room(work.session, peer)
        assert full_peers(work.session) == []

    assert len(waiting(program)) == 8


def test_the_page_of_quarantine_says_of_whom_nothing_more_is_taken(program: Program) -> None:
    with program.work(CONSOLE) as work:
        take(work, [indicator(n, **FUTURE).raw for n in range(1, 5)], peer=a_reader(work))
        name = find_peer(work.session, "cert-b").name
    lead = signed_in(program, Role.LEAD)

    lead.get("/sync/quarantine")
    assert f"Nothing more is taken from {name}." in lead.text

    with program.work(CONSOLE) as work:
        drop_arrival(work, Decide(waiting(program)[0], "Nonsense"))
    lead.get("/sync/quarantine")
    assert "Nothing more is taken" not in lead.text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_left_of_the_disk_is_for_the_desk(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plain_peer([indicator(1).content()]) as peer, monkeypatch.context() as nearly_full:
        nearly_full.setattr(room, "LEAST_FREE", 1 << 60)
        nearly_full.setattr(room, "_PART_FREE", 1)  # all of the disk
        link_id = a_link(program, f"{peer.base}/taxii2/")
        low = pull_link(program, link_id, caps=CAPS)
        with program.work(CONSOLE) as work:
            poster = find_peer(work.session, "cert-b")
            inbox = a_collection(work, poster, alias="inbox", kind=CollectionKind.INBOX)
            with pytest.raises(DiskLow):
                check_room(work.session, poster)
            with pytest.raises(NoRoom):
                receive(work, poster, inbox, [indicator(9).raw])
        assert peer.requests == []
        nearly_full.undo()

        well = pull_link(program, link_id, caps=CAPS)

    assert (low.error, low.offered) == ("disk-low", 0)
    assert (well.error, well.taken) == (None, 1)
