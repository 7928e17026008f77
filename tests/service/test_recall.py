"""Recall: revoked for everybody at once, told to those who had it, and to nobody else."""

import orjson
import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock, to_us
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import index
from cirt.objects.codec import StixObject
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.register.models import Entry, EntryKind, IncidentObservable
from cirt.release.collections import add_member, find_collection, remove_member
from cirt.release.commands import Revoke
from cirt.release.errors import AlreadyRevoked, NoSuchObject, NotOurObject
from cirt.release.filters import Filter
from cirt.release.models import Proposal, ProposalState
from cirt.release.recalling.revoking import Recalled, revoke_indicator
from cirt.sharing.models import Agreement
from tests.support.register import a_person, an_incident
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    names,
    our_indicator,
    published,
    read_page,
    revised,
    walk,
)
from tests.support.store import indicator, put


def a_release(program: Program, *slugs: str) -> tuple[StixObject, list[Peer]]:
    """An indicator of ours that these peers could fetch."""
    with program.work(CONSOLE) as work:
        peers = [a_reader(work, slug) for slug in slugs]
        made = our_indicator(work)
        published(work, a_collection(work, *peers), made)
    return made, peers


def revoke(program: Program, made: StixObject, reason: str = "A false positive") -> Recalled:
    with program.work(CONSOLE) as work:
        return revoke_indicator(work, Revoke(made.stix_id, reason))


def of(made: StixObject) -> Filter:
    return Filter(ids=(made.stix_id,), versions=("all",))


def test_who_fetched_it_reads_a_bare_revocation_and_who_did_not_reads_nothing(
    program: Program, clock: FakeClock
) -> None:
    made, [had, had_not] = a_release(program, "had", "had-not")
    read_page(program, had)
    clock.forward(minutes=5)

    recalled = revoke(program, made)

    assert recalled.told == [had.id]
    assert read_page(program, had_not, wanted=of(made)).rows == []
    [told] = read_page(program, had, wanted=of(made)).objects
    said = orjson.loads(told.body)
    assert said["revoked"] is True
    assert said["modified"] > said["created"]
    assert said["created_by_ref"] == made.created_by_ref
    assert not {"name", "description", "indicator_types", "labels"} & said.keys()


def test_the_revocation_comes_at_the_end_of_the_feed(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    cursor = walk(program, peer)[-1].date_us

    revoke(program, made)

    late = read_page(program, peer, wanted=Filter(), after_us=cursor)
    assert names(late.rows) == [made.stix_id]


def test_a_manifest_alone_is_not_having_it(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    read_page(program, peer, endpoint="manifest")

    assert revoke(program, made).told == []
    assert read_page(program, peer, wanted=of(made)).rows == []


def test_a_page_whose_filter_left_it_out_is_not_having_it(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    read_page(program, peer, wanted=Filter(types=("marking-definition",)))

    assert revoke(program, made).told == []


def test_every_version_closes_at_once(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    with program.work(CONSOLE) as work:
        newer = revised(made.raw, program, name="Another name")
        published(work, find_collection(work.session, "indicators"), newer)
    read_page(program, peer)

    recalled = revoke(program, made)

    rows = read_page(program, peer, wanted=of(made)).rows
    assert [row.version_id for row in rows] == [recalled.version_id]


def test_a_recall_passes_over_a_lowered_ceiling(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    read_page(program, peer)
    with program.work(CONSOLE) as work:
        agreement = work.session.scalars(sa.select(Agreement)).one()
        agreement.ceiling, agreement.types = Tlp.CLEAR, ["malware"]

    revoke(program, made)

    assert names(read_page(program, peer, wanted=of(made)).rows) == [made.stix_id]


def test_a_peer_that_lost_the_collection_reads_of_it_when_it_comes_back(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    read_page(program, peer)
    with program.work(CONSOLE) as work:
        remove_member(work, find_collection(work.session, "indicators"), peer)
    revoke(program, made)

    with program.work(CONSOLE) as work:
        add_member(work, find_collection(work.session, "indicators"), peer)

    assert names(read_page(program, peer, wanted=of(made)).rows) == [made.stix_id]


def test_a_new_member_never_hears_of_it(program: Program) -> None:
    made, [peer] = a_release(program, "peer")
    read_page(program, peer)
    revoke(program, made)

    with program.work(CONSOLE) as work:
        late = a_reader(work, "late")
        add_member(work, find_collection(work.session, "indicators"), late)

    assert read_page(program, late, wanted=of(made)).rows == []


def test_our_own_matching_no_longer_uses_it(program: Program) -> None:
    made, _ = a_release(program)
    keys = [each.key for each in made.observables]
    with program.work(CONSOLE, write=False) as work:
        assert index.matching(work.session, keys, to_us(work.now), sa.true())

    revoke(program, made)

    with program.work(CONSOLE, write=False) as work:
        assert not index.matching(work.session, keys, to_us(work.now), sa.true())


def test_what_another_made_is_not_ours_to_revoke(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, indicator(1, tlp=Tlp.GREEN), origin=a_reader(work))
        put(work, indicator(2, tlp=Tlp.GREEN))

    for number in (1, 2):
        with pytest.raises(NotOurObject):
            revoke(program, indicator(number))


def test_a_recall_needs_an_object_a_reason_and_happens_once(program: Program) -> None:
    made, _ = a_release(program)

    with pytest.raises(ReasonNeeded):
        revoke(program, made, " ")
    with pytest.raises(NoSuchObject):
        revoke(program, indicator(9))
    revoke(program, made)
    with pytest.raises(AlreadyRevoked):
        revoke(program, made)


def test_incident_and_release_tell_of_the_recall(program: Program) -> None:
    tomas, irena = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, tomas)
    with program.work(CONSOLE) as work:
        made = our_indicator(work)
        [stored] = put(work, made)
        a_collection(work, a_reader(work))
        work.session.add(
            IncidentObservable(
                incident_id=incident.id,
                key=made.observables[0].key,
                kind=made.observables[0].kind,
                value=made.observables[0].value,
                state="confirmed",
                source="paste",
                added_at=work.now,
                object_id=stored.object_id,
            )
        )
    reference = asked(program, tomas, made.stix_id)
    decided(program, irena, reference)

    revoke(program, made)

    with program.work(CONSOLE, write=False) as work:
        entries = work.session.scalars(sa.select(Entry).order_by(Entry.id)).all()
        state = work.session.scalars(sa.select(Proposal.state)).one()
    assert entries[-1].kind is EntryKind.REVOKED
    assert entries[-1].values["value"] == "198.51.100.7"
    assert state is ProposalState.RECALLED
