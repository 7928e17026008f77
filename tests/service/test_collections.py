"""Collections: their members, what is published into them, and what that offers to whom."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.models import ObjectVersion
from cirt.parties.models import PeerState
from cirt.parties.peers import ourselves
from cirt.release.collections import (
    AddCollection,
    add_collection,
    add_member,
    find_collection,
    remove_member,
)
from cirt.release.errors import AliasWrong, CollectionExists
from cirt.release.models import CollectionKind, FeedRow
from cirt.release.publishing import publish
from cirt.release.settling import behind, offer_missing, settle_due
from cirt.sharing.models import AgreementState
from tests.support.release import (
    a_collection,
    a_reader,
    names,
    our_indicator,
    published,
    read_page,
    walk,
)
from tests.support.store import a_peer, an_agreement, indicator, put


def test_a_collection_is_found_by_alias_and_by_id(program: Program) -> None:
    with program.work(CONSOLE) as work:
        made = a_collection(work)

        assert find_collection(work.session, "indicators") is made
        assert find_collection(work.session, made.uuid.upper()) is made


def test_a_second_collection_of_the_same_alias_is_refused(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_collection(work)

        with pytest.raises(CollectionExists):
            a_collection(work)
        with pytest.raises(AliasWrong):
            add_collection(work, AddCollection("Not an alias", "x", CollectionKind.SHARED))


def test_what_is_published_is_offered_to_each_member_within_its_agreement(program: Program) -> None:
    with program.work(CONSOLE) as work:
        wide, narrow = a_reader(work, "wide"), a_reader(work, "narrow", ceiling=Tlp.GREEN)
        collection = a_collection(work, wide, narrow)
        published(work, collection, indicator(1, tlp=Tlp.AMBER), indicator(2, tlp=Tlp.GREEN))

    assert names(walk(program, wide)) == [indicator(1).stix_id, indicator(2).stix_id]
    assert names(walk(program, narrow)) == [indicator(2).stix_id]


def test_our_objects_bring_our_identity_and_their_marking_once(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        first = our_indicator(work, "198.51.100.7")
        published(work, collection, first)
        published(work, collection, our_indicator(work, "198.51.100.8"))
        identity = ourselves(work.session).identity_id

    rows = [row.stix_id for row in walk(program, peer)]

    assert rows[0] == identity
    assert rows[1].startswith("marking-definition")
    assert rows[2] == first.stix_id
    assert len(rows) == 4


def test_publishing_again_changes_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        ids = published(work, collection, indicator(1, tlp=Tlp.GREEN))
    before = walk(program, peer)

    with program.work(CONSOLE) as work:
        again = publish(work, find_collection(work.session, "indicators"), ids)

    assert again.added == 0
    assert walk(program, peer) == before


def test_a_new_member_is_offered_the_newest_version_of_each_object(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work)
        published(work, collection, indicator(1, tlp=Tlp.GREEN, day=1))
        newest = published(work, collection, indicator(1, tlp=Tlp.GREEN, day=2))
        add_member(work, collection, peer)

    assert [row.version_id for row in walk(program, peer)] == newest


def test_a_member_that_left_and_came_back_reads_on_where_it_was(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        published(work, collection, indicator(1, tlp=Tlp.GREEN))
    seen = walk(program, peer)
    with program.work(CONSOLE) as work:
        collection = find_collection(work.session, "indicators")
        remove_member(work, collection, peer)
        published(work, collection, indicator(2, tlp=Tlp.GREEN))

    with pytest.raises(NotFound):
        read_page(program, peer)
    with program.work(CONSOLE) as work:
        add_member(work, find_collection(work.session, "indicators"), peer)

    rows = walk(program, peer)
    assert rows[: len(seen)] == seen
    assert names(rows[len(seen) :]) == [indicator(2).stix_id]


@pytest.mark.parametrize("state", [AgreementState.SUSPENDED, AgreementState.ENDED])
def test_without_an_agreement_in_force_the_collection_does_not_exist(
    program: Program, state: AgreementState
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        an_agreement(work, peer, state=state)
        published(work, a_collection(work, peer), indicator(1, tlp=Tlp.CLEAR))

    with pytest.raises(NotFound):
        read_page(program, peer)


def test_what_was_published_while_an_agreement_rested_is_offered_when_it_holds_again(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        agreement = an_agreement(work, peer)
        collection = a_collection(work, peer)
        published(work, collection, indicator(1, tlp=Tlp.GREEN))
        agreement.state = AgreementState.SUSPENDED
        published(work, collection, indicator(2, tlp=Tlp.GREEN))
        agreement.state, agreement.version = AgreementState.IN_FORCE, 3
        offered = offer_missing(work, peer.id)

    assert offered == 1
    assert names(walk(program, peer)) == [indicator(1).stix_id, indicator(2).stix_id]


def test_an_agreement_that_begins_by_itself_opens_the_feed(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        an_agreement(work, peer, valid_from=work.now + timedelta(days=1))
        published(work, a_collection(work, peer), indicator(1, tlp=Tlp.GREEN))
    with program.work(CONSOLE) as work:
        assert settle_due(work) == 0

    clock.forward(days=2)
    with program.work(CONSOLE) as work:
        assert settle_due(work) == 1
    with program.work(CONSOLE) as work:
        assert settle_due(work) == 0
    assert names(walk(program, peer)) == [indicator(1).stix_id]


def test_what_was_published_while_a_peer_was_suspended_is_made_good(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        peer.state = PeerState.SUSPENDED
        published(work, collection, indicator(1, tlp=Tlp.GREEN))
        peer.state = PeerState.ACTIVE
        work.session.flush()

        assert settle_due(work) == 1
    assert names(walk(program, peer)) == [indicator(1).stix_id]


def test_an_inbox_has_nothing_to_make_good(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        agreement = an_agreement(work, peer)
        a_collection(work, peer)
        a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        agreement.ceiling, agreement.version = Tlp.GREEN, 2
        work.session.flush()
        assert behind(work) == {peer.id}

        offer_missing(work, peer.id)

        assert behind(work) == set()


def test_a_narrower_agreement_closes_rows_and_a_wider_one_offers_anew_at_the_end(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        agreement = an_agreement(work, peer)
        collection = a_collection(work, peer)
        amber = published(work, collection, indicator(1, tlp=Tlp.AMBER))
        published(work, collection, indicator(2, tlp=Tlp.GREEN))
        agreement.ceiling, agreement.version = Tlp.GREEN, 2
        offer_missing(work, peer.id)
    narrow = names(walk(program, peer))
    with program.work(CONSOLE) as work:
        agreement = work.session.merge(agreement)
        agreement.ceiling, agreement.version = Tlp.AMBER, 3
        offer_missing(work, peer.id)
        offers = offers_of(work, _object(work, amber[0]))

    assert narrow == [indicator(2).stix_id]
    assert names(walk(program, peer)) == [indicator(2).stix_id, indicator(1).stix_id]
    assert [each.closed_us is None for each in offers] == [False, True]


def test_an_inbox_is_never_offered(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer, kind=CollectionKind.INBOX)
        [stored] = put(work, indicator(1, tlp=Tlp.CLEAR), origin=peer)
        publish(work, collection, [stored.version_id], brought_by=peer)
        assert offers_of(work, stored.object_id) == []

    with pytest.raises(NotFound):
        read_page(program, peer)


def test_in_a_shared_collection_everybody_reads_what_was_posted_within_its_marking(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        one, two = a_reader(work, "one"), a_reader(work, "two", ceiling=Tlp.GREEN)
        collection = a_collection(work, one, two, kind=CollectionKind.SHARED)
        posted = put(work, indicator(1, tlp=Tlp.AMBER), indicator(2, tlp=Tlp.GREEN), origin=one)
        publish(work, collection, [each.version_id for each in posted], brought_by=one)

    assert names(walk(program, one)) == [indicator(1).stix_id, indicator(2).stix_id]
    assert names(walk(program, two)) == [indicator(2).stix_id]


def test_acts_on_collections_are_in_the_audit_trail(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        remove_member(work, collection, peer)

        acts = [line.act for line in work.lines]

    assert acts == ["collection.add", "member.add", "member.remove"]


def offers_of(work: Work, object_id: int) -> Sequence[FeedRow]:
    """Open or closed, oldest first."""
    rows = sa.select(FeedRow).where(FeedRow.object_id == object_id).order_by(FeedRow.date_us)
    return work.session.scalars(rows).all()


def _object(work: Work, version_id: int) -> int:
    return work.session.get_one(ObjectVersion, version_id).object_id
