"""Members of collections at the desk, and the exchange with a peer's eyes."""

import pytest
import sqlalchemy as sa

from cirt.boot.app import create_app
from cirt.kernel.audit import AuditEntry
from cirt.kernel.errors import NotAllowed, NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import OwnChange, ReasonNeeded, RequestVoided, ShownIsOld
from cirt.parties.four_eyes.service import find_request
from cirt.parties.peers import set_credentials
from cirt.parties.roles import Role
from cirt.release.collections import add_member, find_collection
from cirt.release.errors import AlreadyMember, NotAMember
from cirt.release.membership.models import MemberRequest
from cirt.release.membership.service import (
    MemberDecided,
    ask_member,
    decide_member,
    take_out_member,
)
from cirt.release.models import CollectionKind, PageRead
from cirt.release.previewing.surroundings import surroundings
from cirt.release.previewing.visibility import preview_member
from cirt.release.publishing import publish
from cirt.release.seeing import seen_collections
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.models import Direction
from cirt.sharing.queries import peer_reader
from tests.support.agreeing import polled
from tests.support.browse import PASSWORD, signed_in
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, names, our_indicator, published, walk
from tests.support.store import indicator, put

MOU = "MOU-2026-0001"


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


@pytest.fixture
def farid(program: Program) -> Actor:
    return a_person(program, "Farid", Role.LEAD)


def an_outsider(program: Program) -> int:
    """A peer in force that is no member of a collection with three objects."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work, reference=MOU)
        set_credentials(work, "cert-b", "cert-b", PASSWORD)
        values = [f"198.51.100.{number}" for number in range(1, 4)]
        published(work, a_collection(work), *(our_indicator(work, value) for value in values))
        return peer.id


def asked(program: Program, actor: Actor) -> int:
    with program.work(actor) as work:
        return ask_member(work, "indicators", "cert-b", "They asked for it").id


def ruled(
    program: Program, actor: Actor, number: int, ruling: Ruling = Ruling.APPROVED, comment: str = ""
) -> MemberDecided:
    with program.work(actor) as work:
        digest = find_request(work.session, MemberRequest, number).digest
        cmd = DecideRequest(number, ruling, comment, digest, surroundings(work))
        return decide_member(work, cmd)


def test_a_member_is_asked_for_by_one_and_approved_by_another(
    program: Program, irena: Actor, farid: Actor
) -> None:
    an_outsider(program)
    app = create_app(program)
    number = asked(program, irena)
    with pytest.raises(OwnChange):
        ruled(program, irena, number)
    assert polled(app, "cert-b", "indicators") is None

    ruled(program, farid, number)

    assert polled(app, "cert-b", "indicators")
    with pytest.raises(AlreadyMember):
        asked(program, irena)


def test_a_change_of_the_agreement_in_between_voids_it(
    program: Program, irena: Actor, farid: Actor
) -> None:
    an_outsider(program)
    number = asked(program, irena)
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(MOU, ceiling=Tlp.AMBER_STRICT))

    outcome = ruled(program, farid, number)

    assert isinstance(outcome.conflict, RequestVoided)
    assert polled(create_app(program), "cert-b", "indicators") is None


def test_an_approval_does_not_count_where_what_others_let_go_on_has_moved_since(
    program: Program, irena: Actor, farid: Actor
) -> None:
    """Whoever let it go on was told that this peer reads nothing there; whoever approves must see that it now does."""
    with program.work(CONSOLE) as work:
        reader = a_reader(work, transit=True)
        source = a_reader(work, "source", reference="MOU-2026-0099")
        [brought] = put(work, indicator(1, tlp=Tlp.GREEN), origin=source)
        publish(work, a_collection(work), [brought.version_id])
    number = asked(program, irena)
    with program.work(farid, write=False) as work:
        digest, seen = find_request(work.session, MemberRequest, number).digest, surroundings(work)
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement("MOU-2026-0099", transit=True))

    for what in (seen, ""):
        with pytest.raises(ShownIsOld), program.work(farid) as work:
            decide_member(work, DecideRequest(number, Ruling.APPROVED, "", digest, what))
    with pytest.raises(OwnChange), program.work(irena) as work:
        decide_member(work, DecideRequest(number, Ruling.APPROVED, "", digest, seen))
    ruled(program, farid, number)

    assert names(walk(program, reader)) == [brought.stix_id]


def test_what_a_peer_reads_elsewhere_already_is_not_counted_as_more(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        both, only = our_indicator(work), our_indicator(work, "198.51.100.8")
        version_ids = published(work, a_collection(work), both, only)
        publish(work, a_collection(work, reader, alias="another"), version_ids[:1])

        found = preview_member(work, reader.id, find_collection(work.session, "indicators"))
        [line] = found.lines
        add_member(work, find_collection(work.session, "indicators"), reader)

    assert (found.opens, found.closes) == (1, 0)
    assert (line.before, line.after, line.opens.count) == (0, 2, 2)
    assert set(names(walk(program, reader))) == {both.stix_id, only.stix_id}


def test_a_member_is_taken_out_at_once_by_one_with_a_reason(
    program: Program, irena: Actor, farid: Actor
) -> None:
    an_outsider(program)
    ruled(program, farid, asked(program, irena))
    with pytest.raises(ReasonNeeded), program.work(irena) as work:
        take_out_member(work, "indicators", "cert-b", "")

    with program.work(irena) as work:
        take_out_member(work, "indicators", "cert-b", "Misused")

    assert polled(create_app(program), "cert-b", "indicators") is None
    with pytest.raises(NotAMember), program.work(irena) as work:
        take_out_member(work, "indicators", "cert-b", "Misused")


def test_only_leads_ask_and_take_out(program: Program) -> None:
    an_outsider(program)
    omar = a_person(program, "Omar", Role.HANDLER)

    with pytest.raises(NotAllowed):
        asked(program, omar)
    with pytest.raises(NotAllowed), program.work(omar) as work:
        take_out_member(work, "indicators", "cert-b", "Why not")


def test_the_pages_lead_from_the_wish_over_the_preview_to_the_decision(program: Program) -> None:
    an_outsider(program)
    irena = signed_in(program, Role.LEAD, name="Irena")
    farid = signed_in(program, Role.LEAD, name="Farid")
    irena.get("/peers/cert-b")
    irena.send("/peers/cert-b/members", reason="They asked for it")
    irena.follow()
    assert "can fetch 3 more objects" in irena.text  # what goes along with them is not counted
    assert "Address 198[.]51[.]100[.]3" in irena.text
    assert "Asked by you, so another lead decides" in irena.text

    farid.get("/agreements")
    assert "CERT-B as a member of Indicators" in farid.text
    farid.get("/agreements/members/1")
    farid.send("/agreements/members/1/decision", ruling="approved", password=PASSWORD)
    farid.follow()

    assert "Approved." in farid.text
    farid.get("/peers/cert-b")
    farid.send("/peers/cert-b/members/remove", reason="")
    assert farid.last is not None
    assert farid.last.status_code == 422
    farid.send("/peers/cert-b/members/remove", reason="Misused")
    farid.follow()
    assert "Taken out." in farid.text


def test_what_is_seen_is_what_a_poll_brings_and_leaves_no_line_in_the_ledger(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, reference=MOU, ceiling=Tlp.GREEN)
        set_credentials(work, "cert-b", "cert-b", PASSWORD)
        box = a_collection(work, peer, alias="inbox", kind=CollectionKind.INBOX)
        levels = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER)
        objects = [
            our_indicator(work, f"198.51.100.{number}", tlp) for number, tlp in enumerate(levels)
        ]
        published(work, a_collection(work, peer), *objects)
    visitor = signed_in(program, Role.AUDITOR)

    visitor.get("/peers/cert-b/view")
    counted = polled(create_app(program), "cert-b", "indicators")
    assert counted is not None
    assert f"{len(counted)} objects" in visitor.text
    assert box.title in visitor.text
    with program.work(CONSOLE, write=False) as work:
        before = work.session.scalar(sa.select(sa.func.count(PageRead.id)))
    visitor.get("/peers/cert-b/view/indicators")

    assert "Address 198[.]51[.]100[.]1" in visitor.text
    assert "Address 198[.]51[.]100[.]2" not in visitor.text
    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count(PageRead.id))) == before
        looks = sa.select(sa.func.count()).where(AuditEntry.act == "peer.view-as")
        assert work.session.scalar(looks) == 2


def test_nobody_but_readers_of_content_sees_as_a_peer(program: Program) -> None:
    an_outsider(program)
    adam = signed_in(program, Role.ADMIN, name="Adam")

    assert adam.get("/peers/cert-b/view").status_code == 403
    with program.work(CONSOLE, write=False) as work:
        reader = peer_reader(work.session, 1, work.now)
        assert seen_collections(work, reader) == []
    omar = signed_in(program, Role.HANDLER, name="Omar")
    assert omar.get("/peers/cert-b/view/indicators").status_code == 404
    assert omar.get("/peers/nobody/view").status_code == 404
    with pytest.raises(NotFound), program.work(CONSOLE) as work:
        find_request(work.session, MemberRequest, 99)


@pytest.mark.parametrize(
    ("direction", "seen"),
    [(Direction.GIVE, ["out", "room"]), (Direction.TAKE, ["in", "room"])],
)
def test_who_sees_as_a_peer_sees_the_collections_that_exist_for_it(
    program: Program, direction: Direction, seen: list[str]
) -> None:
    kinds = {
        "in": CollectionKind.INBOX,
        "out": CollectionKind.PUBLISHED,
        "room": CollectionKind.SHARED,
    }
    with program.work(CONSOLE) as work:
        peer = a_reader(work, direction=direction)
        for alias, kind in kinds.items():
            a_collection(work, peer, alias=f"the-{alias}", kind=kind)
        reader = peer_reader(work.session, peer.id, work.now)

        found = seen_collections(work, reader)

    assert [each.collection.alias for each in found] == [f"the-{each}" for each in seen]
