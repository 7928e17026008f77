"""Whom a change of one peer's agreement touches beside that peer: said before, bound to what was said, done at once."""

from dataclasses import dataclass

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import OwnChange, ShownIsOld
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.release import agreeing
from cirt.release.previewing.elsewhere import PeerShift, preview_elsewhere
from cirt.release.previewing.surroundings import surroundings
from cirt.release.publishing import publish
from cirt.sharing.agreements.changes import propose_resumption
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.agreements.terms import terms_as_of
from cirt.sharing.models import Agreement
from tests.support.agreeing import asked_for, narrowed, ruled
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person
from tests.support.release import (
    ALL,
    a_collection,
    a_reader,
    asked,
    decided,
    names,
    published,
    walk,
)
from tests.support.store import a_peer, indicator, numbered, put, relationship

MOU = "MOU-2026-0099"


@dataclass(frozen=True)
class Room:
    """``source`` brought two indicators, one of which names its maker; ours relates them. ``passing`` may have what
    others let go on, ``plain`` may not, ``strange`` has no agreement."""

    source: Peer
    passing: Peer
    plain: Peer


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


@pytest.fixture
def farid(program: Program) -> Actor:
    return a_person(program, "Farid", Role.LEAD)


def a_room(program: Program, *, transit: bool, attribution: bool = True) -> Room:
    with program.work(CONSOLE) as work:
        source = a_reader(work, "source", reference=MOU, transit=transit, attribution=attribution)
        passing = a_reader(work, "passing", transit=True)
        plain = a_reader(work, "plain")
        a_peer(work, "strange")
        collection = a_collection(work, source, passing, plain)
        one = indicator(1, tlp=Tlp.GREEN)
        named = indicator(2, tlp=Tlp.GREEN, created_by_ref=numbered("identity", 9))
        theirs = [each.version_id for each in put(work, one, named, origin=source)]
        joined = relationship(one.stix_id, named.stix_id)
        published(work, collection, joined, indicator(3, tlp=Tlp.GREEN))
        publish(work, collection, theirs)
    return Room(source, passing, plain)


ONE, NAMED, OURS = numbered("indicator", 1), numbered("indicator", 2), numbered("indicator", 3)
JOINED = numbered("relationship", 1)


def touched(program: Program, actor: Actor, change_id: int) -> dict[str, tuple[int, int]]:
    """By peer, what opens and closes, as the page says it."""
    return {
        each.slug: (each.opens.count, each.closes.count)
        for each in shifts(program, actor, change_id)
    }


def shifts(program: Program, actor: Actor, change_id: int) -> list[PeerShift]:
    with program.work(actor, write=False) as work:
        change = work.session.get_one(AgreementChange, change_id)
        row = work.session.get_one(Agreement, change.agreement_id)
        return preview_elsewhere(work, row.peer_id, terms_as_of(row, change.wanted)).shifts


def read(program: Program, peer: Peer) -> list[str]:
    return names(walk(program, peer))


def test_transit_on_opens_what_they_brought_and_what_names_it_to_who_passes_on(
    program: Program, irena: Actor, farid: Actor
) -> None:
    room = a_room(program, transit=False)
    assert read(program, room.passing) == [OURS]
    change_id = asked_for(program, irena, MOU, transit=True)

    [shift] = shifts(program, farid, change_id)
    assert (shift.slug, shift.opens.count, shift.closes.count) == ("passing", 3, 0)
    assert {each.stix_id for each in shift.opens.examples} == {ONE, NAMED, JOINED}
    ruled(program, farid, change_id)

    assert set(read(program, room.passing)) == {OURS, ONE, NAMED, JOINED}
    assert read(program, room.passing)[0] == OURS  # what was gained stands at the end
    assert read(program, room.plain) == [OURS]


def test_transit_off_closes_it_for_them_alone_and_in_that_moment(
    program: Program, irena: Actor, farid: Actor
) -> None:
    room = a_room(program, transit=True)
    assert set(read(program, room.passing)) == {OURS, ONE, NAMED, JOINED}
    change_id = asked_for(program, irena, MOU, transit=False)

    assert touched(program, farid, change_id) == {"passing": (0, 3)}
    ruled(program, farid, change_id)

    assert read(program, room.passing) == [OURS]
    narrowed_again = asked_for(program, irena, MOU, transit=False, ceiling=Tlp.GREEN)
    assert touched(program, farid, narrowed_again) == {}


def test_attribution_off_closes_what_names_its_maker(
    program: Program, irena: Actor, farid: Actor
) -> None:
    room = a_room(program, transit=True)
    change_id = asked_for(program, irena, MOU, transit=True, attribution=False)

    assert touched(program, farid, change_id) == {"passing": (0, 2)}
    ruled(program, farid, change_id)

    assert set(read(program, room.passing)) == {OURS, ONE}


def test_what_the_agreement_says_of_arrivals_touches_nobody_else(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_room(program, transit=True)

    change_id = asked_for(
        program,
        irena,
        MOU,
        transit=True,
        ceiling_in=Tlp.GREEN,
        default_tlp=Tlp.GREEN,
        types=("tool",),
    )

    assert touched(program, farid, change_id) == {}


def test_an_approval_does_not_count_where_another_agreement_has_moved_since(
    program: Program, irena: Actor, farid: Actor
) -> None:
    """What the page said of the others would not be what happens."""
    room = a_room(program, transit=False)
    change_id = asked_for(program, irena, MOU, transit=True)
    with program.work(farid, write=False) as work:
        digest = work.session.get_one(AgreementChange, change_id).digest
        seen = surroundings(work)
    plain = f"MOU-2026-{room.plain.id:04}"
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(plain, transit=True))

    for what in (seen, ""):
        with pytest.raises(ShownIsOld), program.work(farid) as work:
            agreeing.decide(work, DecideRequest(change_id, Ruling.APPROVED, "", digest, what))
    with pytest.raises(OwnChange), program.work(irena) as work:
        agreeing.decide(work, DecideRequest(change_id, Ruling.APPROVED, "", digest, seen))
    assert touched(program, farid, change_id) == {"passing": (3, 0), "plain": (3, 0)}
    ruled(program, farid, change_id)

    assert set(read(program, room.plain)) == {OURS, ONE, NAMED, JOINED}


def test_a_refusal_asks_only_that_the_request_is_the_one_that_was_shown(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_room(program, transit=False)
    change_id = asked_for(program, irena, MOU, transit=True)

    with program.work(farid) as work:
        digest = work.session.get_one(AgreementChange, change_id).digest
        cmd = DecideRequest(change_id, Ruling.REFUSED, "Not yet", digest)
        assert agreeing.decide(work, cmd).decided.conflict is None


def test_to_suspend_closes_the_feeds_of_others_at_once_and_to_resume_offers_anew(
    program: Program, irena: Actor, farid: Actor
) -> None:
    room = a_room(program, transit=True)
    before = walk(program, room.passing, wanted=ALL)
    with program.work(irena) as work:
        agreeing.close(work, "suspend", MOU, "Broken into")
    assert read(program, room.passing) == [OURS]

    with program.work(irena) as work:
        change_id = propose_resumption(work, MOU, "Mended").id
    assert touched(program, farid, change_id) == {"passing": (3, 0)}
    ruled(program, farid, change_id)

    after = walk(program, room.passing, wanted=ALL)
    again = {row.stix_id: row.date_us for row in after}
    assert set(names(after)) == {OURS, ONE, NAMED, JOINED}
    newest = max(row.date_us for row in before)
    assert all(again[each] > newest for each in (ONE, NAMED, JOINED))  # nobody passes them


def test_narrowing_at_once_takes_it_from_others_too(program: Program, irena: Actor) -> None:
    room = a_room(program, transit=True)

    narrowed(program, irena, MOU, transit=False, valid_until=None)

    assert read(program, room.passing) == [OURS]


def on_desk(program: Program, role: Role, name: str) -> Visitor:
    visitor = signed_in(program, role, name=name)
    visitor.get("/desk")
    return visitor


def test_the_pages_say_who_is_touched_and_the_desk_says_what_waits(
    program: Program, irena: Actor
) -> None:
    a_room(program, transit=True)
    change_id = asked_for(program, irena, MOU, transit=False)

    lead = on_desk(program, Role.LEAD, "Lin")
    assert f"Agreements that wait for you Change of {MOU}" in lead.text
    assert "Agreements that wait" not in on_desk(program, Role.HANDLER, "Hana").text
    lead.get(f"/agreements/changes/{change_id}")
    assert "It touches one other peer: PASSING ." in lead.text
    assert "Nothing changes for the other 2 peers." in lead.text
    assert "PASSING no longer sees 3 objects Would vanish" in lead.text
    lead.get(f"/agreements/{MOU}/stop?act=end")
    assert "It touches one other peer: PASSING ." in lead.text
    lead.send(f"/agreements/{MOU}/state", act="end", reason="")
    assert lead.last is not None
    assert (lead.last.status_code, "PASSING no longer sees 3 objects" in lead.text) == (422, True)
    lead.send(f"/agreements/{MOU}/state", act="end", reason="Over")
    lead.follow()
    assert "Ended." in lead.text
    lead.get(f"/agreements/{MOU}/stop?act=suspend")
    assert "this cannot be done with it" in lead.text


def test_who_asked_does_not_find_their_own_request_among_what_waits_for_them(
    program: Program,
) -> None:
    a_room(program, transit=False)
    lead = signed_in(program, Role.LEAD, name="Lin")
    lead.get(f"/agreements/{MOU}/change")
    lead.send(f"/agreements/{MOU}/change", transit="true", do="propose", reason="Agreed")

    lead.get("/desk")

    assert "Agreements that wait" not in lead.text


def test_a_release_that_states_a_sector_says_what_that_opens_and_closes_elsewhere(
    program: Program, irena: Actor, farid: Actor
) -> None:
    with program.work(CONSOLE) as work:
        energy = a_reader(work, "energy", sectors=["energy"])
        banks = a_reader(work, "banks", sectors=["banks"])
        anybody = a_reader(work, "anybody")
        old = a_collection(work, energy, banks, anybody, alias="old")
        a_collection(work, anybody, alias="new")
        one, other = indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.GREEN)
        ids = [each.version_id for each in put(work, one, other, sector="banks")]
        joined = [each.version_id for each in put(work, relationship(one.stix_id, other.stix_id))]
        publish(work, old, [*ids, *joined])
    assert names(walk(program, banks, "old")) == [ONE, NAMED]
    reference = asked(program, irena, ONE, alias="new", sector="energy")

    lead = signed_in(program, Role.LEAD, name="Lin")
    lead.get(f"/release/{reference}")
    assert "What the stated sector changes elsewhere" in lead.text
    assert "BANKS no longer sees one object" in lead.text
    assert "ENERGY can fetch one more object" in lead.text
    assert "ANYBODY no longer" not in lead.text
    decided(program, farid, reference)

    assert names(walk(program, banks, "old")) == [NAMED]
    assert names(walk(program, energy, "old")) == [ONE]
