"""Pages that are remembered are given again only while all that they rest on stands."""

from datetime import timedelta
from typing import Any

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, ActorKind
from cirt.parties.models import Peer
from cirt.parties.peers import suspend_peer
from cirt.release.collections import find_collection
from cirt.release.filters import Filter
from cirt.release.pages import Page, Pages
from cirt.release.windows import find_place
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.queries import agreements, peer_reader
from tests.support.release import ALL, a_collection, a_reader, published
from tests.support.store import indicator, put, relationship


def a_feed(program: Program, **terms: Any) -> Peer:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, **terms)
        collection = a_collection(work, peer)
        published(work, collection, *(indicator(n, tlp=Tlp.AMBER) for n in (1, 2, 3)))
    return peer


def read(program: Program, pages: Pages, peer: Peer, wanted: Filter = ALL, limit: int = 2) -> Page:
    with program.work(Actor(ActorKind.PEER, peer.id, peer.slug), write=False) as work:
        reader = peer_reader(work.session, peer.id, work.now)
        place = find_place(work, reader, find_collection(work.session, "indicators"))
        return pages.page(work, place, wanted, limit=limit, endpoint="objects")


def test_what_nothing_has_changed_is_given_again(program: Program) -> None:
    pages, peer = Pages(), a_feed(program)

    first = read(program, pages, peer)

    assert read(program, pages, peer) is first
    assert read(program, pages, peer, limit=1) is not first
    assert read(program, pages, peer, Filter(versions=("first",))) is not first


def test_a_page_is_read_anew_after_an_offer(program: Program) -> None:
    pages, peer = Pages(), a_feed(program)
    first = read(program, pages, peer, limit=10)
    with program.work(CONSOLE) as work:
        published(work, find_collection(work.session, "indicators"), indicator(4, tlp=Tlp.GREEN))

    assert len(read(program, pages, peer, limit=10).dates) == len(first.dates) + 1


def test_a_page_is_read_anew_when_a_draft_marks_its_object_more_strictly(program: Program) -> None:
    pages, peer = Pages(), a_feed(program, ceiling=Tlp.AMBER)
    first = read(program, pages, peer, limit=10)
    with program.work(CONSOLE) as work:
        put(work, indicator(1, day=2, tlp=Tlp.AMBER_STRICT))  # not published

    assert len(read(program, pages, peer, limit=10).dates) == len(first.dates) - 1


def test_the_present_terms_count(program: Program) -> None:
    pages, peer = Pages(), a_feed(program, ceiling=Tlp.AMBER)
    first = read(program, pages, peer, limit=10)
    with program.work(CONSOLE) as work:
        [(agreement, _)] = agreements(work.session)
        change_agreement(work, ChangeAgreement(agreement.reference, ceiling=Tlp.GREEN))

    assert len(first.dates) == 3
    assert read(program, pages, peer, limit=10).dates == []


def test_who_may_not_read_gets_nothing_that_is_remembered(
    program: Program, clock: FakeClock
) -> None:
    pages, peer = Pages(), a_feed(program)
    read(program, pages, peer)
    with program.work(CONSOLE) as work:
        suspend_peer(work, peer.slug)

    with pytest.raises(NotFound):
        read(program, pages, peer)


def test_an_agreement_that_ends_by_itself_ends_what_is_remembered(
    program: Program, clock: FakeClock
) -> None:
    pages = Pages()
    peer = a_feed(program, valid_until=clock.now() + timedelta(days=1))
    read(program, pages, peer)
    clock.forward(days=2)

    with pytest.raises(NotFound):
        read(program, pages, peer)


def test_what_names_ends_is_never_remembered(program: Program) -> None:
    pages, peer = Pages(), a_feed(program)
    with program.work(CONSOLE) as work:
        collection = find_collection(work.session, "indicators")
        published(work, collection, relationship(indicator(1).stix_id, indicator(2).stix_id))

    first = read(program, pages, peer, limit=10)

    assert read(program, pages, peer, limit=10) is not first


def test_what_names_ends_that_are_not_held_is_never_remembered_either(program: Program) -> None:
    pages, peer = Pages(), a_feed(program)
    missing = (indicator(8).stix_id, indicator(9).stix_id)
    with program.work(CONSOLE) as work:
        published(work, find_collection(work.session, "indicators"), relationship(*missing))
    assert len(read(program, pages, peer, limit=10).dates) == 4
    with program.work(CONSOLE) as work:
        put(work, indicator(8, tlp=Tlp.AMBER_STRICT))

    assert len(read(program, pages, peer, limit=10).dates) == 3


def test_a_page_larger_than_all_that_is_remembered_drives_nothing_out(program: Program) -> None:
    peer = a_feed(program)
    pages = Pages(max_bytes=6_500)
    small = read(program, pages, peer, limit=1)
    read(program, pages, peer, limit=3)

    assert read(program, pages, peer, limit=1) is small


def test_the_oldest_are_forgotten_when_it_is_too_much(program: Program) -> None:
    peer = a_feed(program)
    pages = Pages(max_bytes=12_000)  # one page, for each counts for some thousand bytes at least
    first = read(program, pages, peer, limit=1)
    read(program, pages, peer, limit=2)
    read(program, pages, peer, limit=3)

    assert read(program, pages, peer, limit=1) is not first
    assert pages._bytes <= 12_000
    assert pages._bytes == sum(kept.size for kept in pages._kept.values())
