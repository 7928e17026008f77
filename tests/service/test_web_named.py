"""Named persons on the pages: named in an agreement, chosen in a request, and the way when they cannot be."""

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.release.models import ProposalState
from cirt.release.queries import proposal_view
from cirt.sharing.models import Level, NamedPerson
from tests.support.browse import PASSWORD, Visitor, signed_in, web_app
from tests.support.mail import key_ring, needs_gpg
from tests.support.named import a_red_desk, the_actor
from tests.support.register import PASSWORD as HIS
from tests.support.register import an_incident, with_observables
from tests.support.release import a_collection, a_reader, our_indicator
from tests.support.store import put


def an_agreement_of(program: Program) -> str:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, level=Level.MOU_NDA, ceiling=Tlp.AMBER_STRICT)
        return f"MOU-2026-{peer.id:04}"


def named(lead: Visitor, reference: str, **typed: str) -> int:
    lead.get(f"/agreements/{reference}/persons")
    answer = lead.send(
        f"/agreements/{reference}/persons",
        **{"name": "Mei Lan", "email": "mei@cert-b.example", **typed},
    )
    return answer.status_code


@needs_gpg
def test_a_person_is_named_given_a_key_and_taken_off(program: Program) -> None:
    reference = an_agreement_of(program)
    lead = signed_in(program, Role.LEAD, name="Irena")

    assert named(lead, reference, key="no key") == 422
    assert "no OpenPGP key" in lead.text
    assert lead.form(f"/agreements/{reference}/persons").fields["name"] == ["Mei Lan"]
    assert named(lead, reference) == 303
    lead.follow()
    assert "No PGP key, so nothing can go to them" in lead.text
    with key_ring("Mei Lan", "mei@cert-b.example") as ring:
        lead.get(f"/agreements/{reference}/persons/1/key")
        lead.send(f"/agreements/{reference}/persons/1/key", key=ring.public_key.decode())
        lead.follow()
        assert ring.fingerprint[:4] in lead.text
    lead.get(f"/agreements/{reference}")
    assert "Mei Lan" in lead.text
    lead.get(f"/agreements/{reference}/persons")
    lead.send(f"/agreements/{reference}/persons/1/remove")
    lead.follow()
    assert "Taken off" in lead.text
    assert lead.get(f"/agreements/{reference}/persons/1/key").status_code == 404


def test_who_may_not_change_agreements_names_nobody(program: Program) -> None:
    reference = an_agreement_of(program)
    handler = signed_in(program, Role.HANDLER)
    handler.get(f"/agreements/{reference}/persons")

    assert f'/agreements/{reference}/persons" novalidate' not in handler.page
    assert "A lead names persons." in handler.text
    assert handler.get("/agreements/MOU-2026-0999/persons").status_code == 404


def test_who_has_no_key_cannot_be_chosen_and_the_page_says_why(program: Program) -> None:
    a_red_desk(program, None)
    visitor = signed_in(program, Role.HANDLER)
    with program.work(CONSOLE) as work:
        one = our_indicator(work)
        put(work, one)

    visitor.get(f"/release/new?stix_ids={one.stix_id}")

    assert "There is no PGP key of Mei Lan" in visitor.text
    assert "persons" not in visitor.form("/release/new").fields


def test_red_is_asked_for_a_named_person_and_approved_without_being_read(program: Program) -> None:
    desk = a_red_desk(program)
    handler = signed_in(program, Role.HANDLER, name="Lin")
    lin = the_actor(program, "lin@example.org")
    incident = an_incident(program, lin, tlp=Tlp.RED)
    [row] = with_observables(program, lin, incident, "203.0.113.42")
    with program.work(lin) as work:
        service.promote(work, Promote(incident.reference, (row.id,), Tlp.RED))
    handler.get(f"/release/new?incident={incident.reference}")
    typed = {"title": "For Mei", "reason": "She leads", "persons": [str(desk.mei)]}
    handler.send("/release/new", act="look", **typed)
    assert "Once approved, 1 of 1 persons get 1 of 1 objects by encrypted mail" in handler.text
    assert "It needs the approval of 2 other persons" in handler.text
    handler.send("/release/new", **typed)
    handler.follow()
    assert "203[.]0[.]113[.]42" not in handler.text  # counted, not named, on this page
    reference = "REL-2026-0001"

    for name in ("Ada", "Jo"):
        lead = signed_in(program, Role.LEAD, name=name)
        lead.get(f"/release/{reference}")
        assert "1 of 1 persons" in lead.text
        assert "AAAA AAAA" in lead.text
        assert "One object for named persons only" in lead.text
        assert "She leads" not in lead.text
        for dot in (".", "[.]"):
            assert "203.0.113.42".replace(".", dot) not in lead.text
        lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
        lead.follow()
    assert "The mails are on their way" in lead.text
    assert "Waits to be sent" in lead.text


def test_an_asker_withdraws_and_the_page_says_so(program: Program) -> None:
    desk = a_red_desk(program)
    visitor = signed_in(program, Role.HANDLER, name="Lin")
    with program.work(CONSOLE) as work:
        a_collection(work, desk.peer)
        one = our_indicator(work)
        put(work, one)
    visitor.get(f"/release/new?stix_ids={one.stix_id}")
    visitor.send("/release/new", title="A", reason="B", collections=["indicators"])
    visitor.follow()

    visitor.send("/release/REL-2026-0001/withdraw")
    visitor.follow()

    assert "Withdrawn. Nothing has left." in visitor.text
    with program.work(desk.irena, write=False) as work:
        assert proposal_view(work, "REL-2026-0001").state is ProposalState.WITHDRAWN


@pytest.mark.parametrize("leads", [0, 1])
def test_too_few_to_approve_is_said_before_it_is_asked(program: Program, leads: int) -> None:
    visitor = signed_in(program, Role.HANDLER, name="Lin")
    if leads:
        signed_in(program, Role.LEAD, name="Ada")
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work, ceiling=Tlp.AMBER_STRICT))
        one = our_indicator(work, tlp=Tlp.AMBER_STRICT)
        put(work, one)
    visitor.get(f"/release/new?stix_ids={one.stix_id}")

    answer = visitor.send("/release/new", title="A", reason="B", collections=["indicators"])

    assert answer.status_code == 409
    assert f"{2 - leads} more needed" in visitor.text
    assert "An administrator must give another person the role Lead first" in visitor.text
    assert visitor.send("/release/new", anyway="true").status_code == 303


ABSENT = "indicator--11111111-2222-4333-8444-555555555555"


def test_whoever_is_not_named_on_an_object_asks_for_its_release_as_if_it_were_absent(
    program: Program,
) -> None:
    desk = a_red_desk(program)
    lead = signed_in(program, Role.LEAD, name="Lin")
    lead.get("/release/new")
    sent = {
        "form_token": lead.form("/sign-out").fields["form_token"],
        "title": "t",
        "reason": "r",
        "persons": str(desk.mei),
    }

    said = []
    for stix_id in (desk.stix_id, ABSENT):
        for act in ("ask", "look"):
            answer = lead.post("/release/new", {**sent, "stix_ids": stix_id, "act": act})
            said.append((answer.status_code, lead.text.replace(stix_id, "…")))

    assert said[:2] == said[2:]
    assert said[0][0] == 422


def test_a_recall_page_counts_what_is_red_and_names_it_to_whom_it_names_only(
    program: Program,
) -> None:
    desk = a_red_desk(program)
    reference = desk.ask()
    desk.approve(reference)
    lead = signed_in(program, Role.LEAD, name="Lin")

    lead.get(f"/release/{reference}/recall")

    assert desk.stix_id not in lead.page
    assert "One object of it is TLP:RED." in lead.text
    assert "Nothing of it is left" not in lead.text
    tomas = Visitor(web_app(program))
    tomas.sign_in("tomas@ex-cirt.example", HIS)
    assert desk.stix_id in tomas.get(f"/release/{reference}/recall").get_data(as_text=True)


def test_to_whom_red_went_is_for_those_who_decide_audit_or_are_named(program: Program) -> None:
    desk = a_red_desk(program)
    reference = desk.ask()
    desk.approve(reference)
    pages = {
        name: signed_in(program, role, name=name)
        for name, role in (
            ("Another", Role.LEAD),
            ("Auditor", Role.AUDITOR),
            ("Colleague", Role.HANDLER),
            ("Officer", Role.TRIAGE),
            ("Named", Role.HANDLER),
        )
    }
    named = the_actor(program, "named@example.org")
    with program.work(CONSOLE) as work:
        work.session.add(NamedPerson(subject=desk.stix_id, person_id=named.person_id))
    for name, page in pages.items():
        assert page.get(f"/release/{reference}").status_code == 200
        may_know = name in ("Another", "Auditor", "Named")
        shown = {
            each for each in ("Mei Lan", "mei[@]cert-b", "Waits to be sent") if each in page.text
        }
        assert len(shown) == (3 if may_know else 0), (name, shown)
        assert ("1 of 1 persons" in page.text) is may_know
        assert ("Who they are, and whether a mail has gone" in page.text) is not may_know


def test_what_went_to_named_persons_below_red_is_for_all_who_read_it(program: Program) -> None:
    desk = a_red_desk(program, tlp=Tlp.AMBER)
    reference = desk.ask()
    desk.approve(reference, desk.irena)
    colleague = signed_in(program, Role.TRIAGE, name="Officer")
    colleague.get(f"/release/{reference}")
    assert "Mei Lan" in colleague.text
    assert "Waits to be sent" in colleague.text
