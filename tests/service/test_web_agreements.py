"""Pages of agreements: written, proposed, previewed, decided, narrowed; bad input keeps what was typed."""

import io
from datetime import timedelta
from hashlib import sha256

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from cirt.release.membership.service import ask_member
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.models import AgreementState
from cirt.sharing.queries import find_agreement
from tests.support.agreeing import asked_for
from tests.support.asked import asked_of
from tests.support.browse import PASSWORD, Visitor, signed_in
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, published
from tests.support.store import a_peer

MOU = "MOU-2026-0001"
FORM = {
    "ceiling": "amber",
    "valid_until": "2027-12-31",
    "purposes": "Early warning\nMutual help",
    "contact_name": ["Duty desk", "", ""],
    "contact_mail": ["duty@cert-b.example", "", ""],
    "contact_phone": ["555 0142", "", ""],
    "contact_hours": ["round the clock", "", ""],
    "urgent_h": "4",
    "keep_months": "24",
    "review_on": "2027-06-30",
    "reason": "Signed last week",
}


@pytest.fixture
def irena(program: Program) -> Visitor:
    return signed_in(program, Role.LEAD, name="Irena")


@pytest.fixture
def farid(program: Program) -> Visitor:
    return signed_in(program, Role.LEAD, name="Farid")


def under_terms(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, reference=MOU, ceiling=Tlp.GREEN)
        objects = [
            our_indicator(work, "198.51.100.1", Tlp.GREEN),
            our_indicator(work, "198.51.100.2", Tlp.AMBER),
        ]
        published(work, a_collection(work, peer), *objects)


def status(visitor: Visitor) -> int:
    assert visitor.last is not None
    return visitor.last.status_code


def test_from_a_new_agreement_to_one_in_force(
    program: Program, irena: Visitor, farid: Visitor
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
    irena.get("/agreements/new?peer=cert-b")
    copy = (io.BytesIO(b"%PDF signed"), "mou.pdf")
    irena.send("/agreements/new", **FORM, copy=copy)
    irena.follow()
    assert "New agreement with CERT-B" in irena.text
    assert "Asked." in irena.text

    farid.get("/agreements")
    assert "New agreement with CERT-B" in farid.text
    farid.get("/agreements/changes/1")
    for words in ("31 Dec 2027", "Duty desk", "4 hours where it is urgent", "Early warning"):
        assert words in farid.text  # all that is decided on stands on the page of the decision
    farid.send("/agreements/changes/1/decision", ruling="approved", password="wrong")
    assert status(farid) == 422
    farid.send("/agreements/changes/1/decision", ruling="approved", password=PASSWORD)
    farid.follow()
    assert "Approved." in farid.text

    farid.get(f"/agreements/{MOU}")
    for words in (
        "In force",
        "31 Dec 2027",
        "Duty desk",
        "duty@cert-b.example",
        "round the clock",
        "4 hours where it is urgent",
        "24 months, then delete",
        "Early warning , Mutual help",
        "checked just now",
        "Irena , approved by Farid",
    ):
        assert words in farid.text
    saved = farid.get(f"/agreements/{MOU}/copy/1")
    assert saved.data == b"%PDF signed"
    assert farid.get(f"/agreements/{MOU}/copy/2").status_code == 404


def test_each_signed_text_stays_in_the_history_with_its_digest(
    program: Program, irena: Visitor, farid: Visitor
) -> None:
    under_terms(program)
    bodies = [b"%PDF first", b"%PDF second", b"%PDF refused"]
    for number, body in enumerate(bodies, 1):
        copy = (io.BytesIO(body), f"mou-{number}.pdf")
        irena.get(f"/agreements/{MOU}/change")
        irena.send(f"/agreements/{MOU}/change", **{**FORM, "reason": f"No. {number}"}, copy=copy)
        ruling = "refused" if body == bodies[2] else "approved"
        farid.get(f"/agreements/changes/{number}")
        decision = {"ruling": ruling, "comment": "As talked over", "password": PASSWORD}
        farid.send(f"/agreements/changes/{number}/decision", **decision)
    omar = signed_in(program, Role.HANDLER, name="Omar")
    adam = signed_in(program, Role.ADMIN, name="Adam")

    for path in (f"/agreements/{MOU}", "/peers/cert-b"):
        omar.get(path)
        for body in bodies[:2]:
            assert sha256(body).hexdigest() in omar.text
        assert omar.text.count("Save the signed copy of this version") == 2
    for number, body in enumerate(bodies, 1):
        saved = omar.get(f"/agreements/{MOU}/copy/{number}")
        if body == bodies[2]:
            assert saved.status_code == 404
        else:
            assert saved.data == body
            assert f"mou-{number}.pdf" in saved.headers["Content-Disposition"]
        assert adam.get(f"/agreements/{MOU}/copy/{number}").status_code in (403, 404)
    adam.get(f"/agreements/{MOU}")
    assert "Save the signed copy" not in adam.text


def test_a_change_shows_what_it_opens_with_counts_and_examples(
    program: Program, irena: Visitor, farid: Visitor
) -> None:
    under_terms(program)
    irena.get(f"/agreements/{MOU}/change")
    irena.send(f"/agreements/{MOU}/change", ceiling="amber", do="propose", reason="They joined in")
    irena.follow()

    assert "can fetch one more object" in irena.text
    assert "Indicators TLP:AMBER 1" in irena.text
    assert "Address 198[.]51[.]100[.]2" in irena.text
    assert "The most that we give TLP:GREEN TLP:AMBER" in irena.text
    irena.send("/agreements/changes/1/decision", ruling="withdrawn")
    irena.follow()
    assert "Withdrawn." in irena.text


def test_narrowing_and_stopping_hold_at_once(program: Program, irena: Visitor) -> None:
    under_terms(program)
    irena.get(f"/agreements/{MOU}/stop?act=suspend")
    assert "After that CERT-B no longer sees one object" in irena.text
    irena.get(f"/agreements/{MOU}/change")
    irena.send(f"/agreements/{MOU}/change", ceiling="amber", do="now", reason="More")
    assert status(irena) == 422
    assert "another person has to approve these" in irena.text
    assert "The most that we give" in irena.text
    irena.send(f"/agreements/{MOU}/change", ceiling="clear", do="now", reason="Less")
    irena.follow()
    assert "What the peer lost by it is closed" in irena.text

    irena.get(f"/agreements/{MOU}/stop?act=suspend")
    assert "so it can fetch nothing" in irena.text  # nor could it before: nothing is clear
    irena.send(f"/agreements/{MOU}/state", act="suspend", reason="")
    assert status(irena) == 422
    irena.send(f"/agreements/{MOU}/state", act="suspend", reason="Broken into")
    irena.follow()
    assert "Suspended." in irena.text
    irena.send(f"/agreements/{MOU}/state", act="resume", reason="Mended")
    irena.follow()
    assert "Asked." in irena.text
    with program.work(CONSOLE, write=False) as work:
        assert find_agreement(work.session, MOU).state is AgreementState.SUSPENDED


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ceiling": "red"}, "never TLP:RED"),
        ({"valid_until": "soon"}, "Enter a day like"),
        ({"valid_until": "2020-01-01"}, "before it begins"),
        ({"types": "Indicator"}, "is no STIX object type"),
        ({"urgent_h": "0"}, "Enter hours as a whole number"),
        ({"reason": " "}, "Say why"),
        ({"contact_mail": ["x@example.org"]}, "Give each contact a name"),
        ({"contact_name": ["Duty"], "contact_mail": ["5550142"]}, "Enter a mail address like"),
        ({"purposes": "p" * 101}, "Write at most 100"),
        ({"version": "7"}, "changed since you opened it"),
        ({"their_name": "nul \x00"}, "cannot be kept"),
    ],
)
def test_bad_input_is_told_with_the_next_step_and_keeps_what_was_typed(
    program: Program, irena: Visitor, wrong: dict[str, object], words: str
) -> None:
    under_terms(program)
    irena.get(f"/agreements/{MOU}/change")
    given = {"our_name": "National CIRT", "reason": "Because", "do": "propose", **wrong}

    irena.send(f"/agreements/{MOU}/change", **given)

    assert status(irena) in (409, 422)
    assert words in irena.text
    assert "National CIRT" in irena.page


def test_the_peers_page_says_why_marking_by_marking(program: Program, irena: Visitor) -> None:
    under_terms(program)

    irena.get("/peers/cert-b")

    assert "TLP:AMBER is above TLP:GREEN, the most of MOU-2026-0001" in irena.text
    assert "marked up to TLP:GREEN" in irena.text
    assert "We take the same from them, marked up to TLP:AMBER+STRICT" in irena.text
    assert "None is written down" in irena.text


def test_who_may_not_write_sees_no_form(program: Program) -> None:
    under_terms(program)
    omar = signed_in(program, Role.HANDLER, name="Omar")

    omar.get(f"/agreements/{MOU}")

    assert "Terms" in omar.text
    assert "End for good" not in omar.text
    for path in ("/agreements/new", f"/agreements/{MOU}/change"):
        assert omar.get(path).status_code == 403
    assert omar.get("/agreements/changes/9").status_code == 404


def test_lists_ask_the_database_as_often_for_many_as_for_few(
    program: Program, irena: Visitor
) -> None:
    def add(numbers: range) -> None:
        lead = a_person(program, f"Lead{numbers.start}", Role.LEAD)
        for number in numbers:
            with program.work(CONSOLE) as work:
                peer = a_reader(work, f"peer{number}", reference=f"MOU-2030-{number:04}")
                a_collection(work, alias=f"spare{number}")
                ends = work.now + timedelta(days=9)
                change_agreement(work, ChangeAgreement(f"MOU-2030-{number:04}", valid_until=ends))
            asked_for(program, lead, f"MOU-2030-{number:04}", ceiling=Tlp.CLEAR)
            with program.work(lead) as work:
                ask_member(work, f"spare{number}", peer.slug, "They asked")

    paths = ("/peers", "/agreements", "/desk", "/peers/peer1", "/agreements/MOU-2030-0001")
    add(range(1, 3))

    def asked(path: str) -> int:
        irena.get(path)  # what is remembered once is remembered by now
        with asked_of(program.engine) as found:
            assert irena.get(path).status_code == 200, path
        return len(found)

    few = {path: asked(path) for path in paths}
    add(range(3, 9))

    assert {path: asked(path) for path in paths} == few


def test_an_agreement_says_what_passing_on_means(program: Program, irena: Visitor) -> None:
    under_terms(program)

    irena.get(f"/agreements/{MOU}")
    assert "what others brought does not go to them" in irena.text
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(MOU, transit=True))
    irena.get(f"/agreements/{MOU}")
    assert "where the other agreement allows it too" in irena.text
