"""Pages of releases: asking, what a lead reads before deciding, the decision, what changed meanwhile."""

import json
import re

import pytest

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.codec import StixObject
from cirt.parties.roles import Role
from cirt.release.collections import add_member, find_collection
from cirt.release.errors import ReleaseChanged
from cirt.release.models import Proposal, ProposalState
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from tests.support.browse import PASSWORD, Visitor, signed_in
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import a_collection, a_reader, asked, our_indicator, revised
from tests.support.store import indicator, put, relationship


def a_wave(program: Program, tlp: Tlp = Tlp.AMBER) -> StixObject:
    """One indicator of ours, a collection, a peer that may have it and one that may not."""
    with program.work(CONSOLE) as work:
        wide, narrow = a_reader(work, "wide"), a_reader(work, "narrow", ceiling=Tlp.GREEN)
        a_collection(work, wide, narrow)
        made = our_indicator(work, tlp=tlp)
        put(work, made)
    return made


def asked_for(visitor: Visitor, made: StixObject, **typed: object) -> str:
    """Ask over the pages; the reference."""
    visitor.get(f"/release/new?stix_ids={made.stix_id}")
    fields = {
        "title": "Phishing wave",
        "reason": "It is still active",
        "collections": ["indicators"],
        "stix_ids": [made.stix_id],
        "anyway": "true",
        **typed,
    }
    visitor.send("/release/new", **fields)
    visitor.follow()
    found = re.search(r"REL-\d{4}-\d{4}", visitor.page)
    assert found
    return found[0]


def state_of(program: Program, reference: str) -> ProposalState:
    with program.work(CONSOLE, write=False) as work:
        return work.session.query(Proposal).filter_by(reference=reference).one().state


def test_a_request_says_who_would_get_it_and_why_before_anybody_decides(program: Program) -> None:
    made = a_wave(program)
    handler, lead = (
        signed_in(program, Role.HANDLER, name="Tomas"),
        signed_in(program, Role.LEAD, name="Irena"),
    )
    reference = asked_for(handler, made)

    lead.get(f"/release/{reference}")

    assert "If you approve, 1 of 2 peers can fetch 1 of 1 objects" in lead.text
    assert "TLP:AMBER may go to WIDE under MOU-2026-0001" in lead.text
    assert "TLP:AMBER is above TLP:GREEN, the most of MOU-2026-0002" in lead.text
    assert "It is still active" in lead.text
    assert "198.51.100.7" not in lead.text
    assert "198[.]51[.]100[.]7" in lead.text


def test_the_asker_sees_no_form_but_that_another_lead_decides(program: Program) -> None:
    made = a_wave(program)
    lead = signed_in(program, Role.LEAD, name="Irena")

    reference = asked_for(lead, made)

    assert "Asked by you, so another lead decides." in lead.text
    assert f"/release/{reference}/decision" not in lead.page


def test_a_lead_approves_with_the_password_and_peers_can_fetch(program: Program) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/release/{reference}")

    lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
    lead.follow()

    assert "Peers can fetch it now" in lead.text
    assert state_of(program, reference) is ProposalState.RELEASED
    lead.get(f"/indicators/{made.stix_id}")
    assert "WIDE" in lead.text
    assert "NARROW" not in lead.text


def test_a_wrong_password_decides_nothing_and_keeps_the_comment(program: Program) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/release/{reference}")

    answer = lead.send(
        f"/release/{reference}/decision",
        ruling="refused",
        comment="Not before Monday",
        password="guess",
    )

    assert answer.status_code == 422
    assert "That is not your password" in lead.text
    form = lead.form(f"/release/{reference}/decision")
    assert form.fields["comment"] == ["Not before Monday"]
    assert form.fields["ruling"] == ["refused"]
    assert state_of(program, reference) is ProposalState.ASKED


def test_passwords_cannot_be_tried_without_end(program: Program) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    statuses = []
    for _ in range(11):
        lead.get(f"/release/{reference}")
        answer = lead.send(
            f"/release/{reference}/decision", ruling="approved", password="a wrong password"
        )
        statuses.append(answer.status_code)

    assert statuses[-1] == 429
    assert "Too many tries" in lead.text
    assert state_of(program, reference) is ProposalState.ASKED


@pytest.mark.parametrize("ruling", ["sent-back", "refused"])
def test_to_send_back_or_refuse_needs_a_comment(program: Program, ruling: str) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/release/{reference}")

    answer = lead.send(f"/release/{reference}/decision", ruling=ruling, password=PASSWORD)

    assert answer.status_code == 422
    assert "a comment is needed" in lead.text
    assert state_of(program, reference) is ProposalState.ASKED
    lead.send(
        f"/release/{reference}/decision", ruling=ruling, comment="Ask again", password=PASSWORD
    )
    lead.follow()
    assert state_of(program, reference) == ruling
    assert "Ask again" in lead.text


def test_an_approval_of_what_has_changed_meanwhile_names_the_change_and_releases_nothing(
    program: Program,
) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/release/{reference}")
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement("MOU-2026-0002", ceiling=Tlp.AMBER))

    answer = lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)

    assert answer.status_code == 409
    assert ReleaseChanged.message.split(":", maxsplit=1)[0] in lead.text
    assert "NARROW: gets one more" in lead.text
    assert "2 of 2 peers" in lead.text
    assert state_of(program, reference) is ProposalState.ASKED
    lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
    lead.follow()
    assert state_of(program, reference) is ProposalState.RELEASED


def test_an_object_edited_meanwhile_sends_the_request_back_and_its_asker_asks_again(
    program: Program,
) -> None:
    made = a_wave(program)
    handler = signed_in(program, Role.HANDLER, name="Tomas")
    reference = asked_for(handler, made)
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/release/{reference}")
    with program.work(CONSOLE) as work:
        put(work, revised(made.raw, program, description="Another text"))

    lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)

    assert "Objects edited after" in lead.text
    assert state_of(program, reference) is ProposalState.SENT_BACK
    handler.get(f"/release/{reference}")
    handler.send(f"/release/{reference}/again")
    handler.follow()
    assert state_of(program, reference) is ProposalState.ASKED


def test_two_leads_are_needed_where_the_table_says_so(program: Program) -> None:
    made = a_wave(program, tlp=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        collection = find_collection(work.session, "indicators")
        add_member(work, collection, a_reader(work, "close", ceiling=Tlp.AMBER_STRICT))
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    one, two = (
        signed_in(program, Role.LEAD, name="Irena"),
        signed_in(program, Role.LEAD, name="Lin"),
    )
    one.get(f"/release/{reference}")
    assert "It needs the approval of 2 other persons" in one.text

    one.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
    one.follow()

    assert "One more person must approve" in one.text
    assert "You approved it. One more person must." in one.text
    assert state_of(program, reference) is ProposalState.ASKED
    two.get(f"/release/{reference}")
    two.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
    assert state_of(program, reference) is ProposalState.RELEASED


def test_asking_without_words_or_ticks_keeps_what_was_typed(program: Program) -> None:
    made = a_wave(program)
    handler = signed_in(program, Role.HANDLER)
    handler.get(f"/release/new?stix_ids={made.stix_id}")

    answer = handler.send("/release/new", reason="Because", collections=[])

    assert answer.status_code == 422
    assert "Enter a title" in handler.text
    assert "Tick at least one collection" in handler.text
    assert handler.form("/release/new").fields["reason"] == ["Because"]


def test_asking_for_what_nobody_may_have_is_told_at_once(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work, "narrow", ceiling=Tlp.GREEN))
        made = our_indicator(work, tlp=Tlp.AMBER)
        put(work, made)
    handler = signed_in(program, Role.HANDLER)
    handler.get(f"/release/new?stix_ids={made.stix_id}")

    answer = handler.send(
        "/release/new", title="A wave", reason="Because", collections=["indicators"]
    )

    assert answer.status_code == 409
    assert "Objects asked for: 1. Nobody of those chosen may have any of them." in handler.text


def test_the_page_says_before_asking_that_nobody_else_could_decide(program: Program) -> None:
    made = a_wave(program)
    lead = signed_in(program, Role.LEAD)

    lead.get(f"/release/new?stix_ids={made.stix_id}")

    assert "Nobody but you could decide" in lead.text


def test_an_incident_offers_the_indicators_made_of_it(program: Program) -> None:
    a_wave(program)
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with_observables(program, tomas, incident, "203.0.113.77")
    handler = signed_in(program, Role.HANDLER)

    handler.get(f"/release/new?incident={incident.reference}")

    assert "Nothing to release" in handler.text


def test_lists_tell_what_waits_what_one_asked_and_what_was_decided(program: Program) -> None:
    made = a_wave(program)
    handler = signed_in(program, Role.HANDLER, name="Tomas")
    lead = signed_in(program, Role.LEAD, name="Irena")
    reference = asked_for(handler, made)

    seen = {
        (who, view): reference in _page(visitor, f"/release?view={view}")
        for who, visitor in (("asker", handler), ("lead", lead))
        for view in ("waiting", "mine", "decided")
    }

    assert seen == {
        ("asker", "waiting"): False,
        ("asker", "mine"): True,
        ("asker", "decided"): False,
        ("lead", "waiting"): True,
        ("lead", "mine"): False,
        ("lead", "decided"): False,
    }


def test_the_saved_bundle_holds_the_exact_bytes_and_saving_is_audited(program: Program) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    lead = signed_in(program, Role.LEAD, name="Irena")

    answer = lead.get(f"/release/{reference}/bundle.json")

    assert made.raw in answer.data
    assert json.loads(answer.data)["type"] == "bundle"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    auditor = signed_in(program, Role.AUDITOR, name="Farid")
    auditor.get("/admin/audit?act=release.save")
    assert reference in auditor.text


def test_the_words_of_a_request_from_a_red_incident_are_for_those_who_see_it(
    program: Program,
) -> None:
    made = a_wave(program, Tlp.GREEN)
    named = a_person(program, "Named", Role.HANDLER)
    incident = an_incident(program, named, title="Ransom at the bank", tlp=Tlp.RED)
    reference = asked(program, named, made.stix_id, incident=incident.reference)
    lead = signed_in(program, Role.LEAD, name="Lin")

    for path in ("/desk", "/release", f"/release/{reference}", f"/indicators/{made.stix_id}"):
        page = _page(lead, path)
        assert "Release of one object" in page
        for word in ("Phishing wave", "Early warning", incident.reference):
            assert word not in page
    lead.get(f"/release/{reference}")
    lead.send(f"/release/{reference}/decision", ruling="approved", password=PASSWORD)
    assert state_of(program, reference) is ProposalState.RELEASED
    for path in ("/release?view=decided", f"/indicators/{made.stix_id}"):
        assert "Phishing wave" not in _page(lead, path)


def test_neither_triage_nor_auditors_decide_and_administrators_see_nothing(
    program: Program,
) -> None:
    made = a_wave(program)
    reference = asked_for(signed_in(program, Role.HANDLER, name="Tomas"), made)
    for role in (Role.TRIAGE, Role.AUDITOR):
        visitor = signed_in(program, role, name=role.value)
        visitor.get(f"/release/{reference}")
        assert "A lead who did not ask for it decides." in visitor.text
        token = visitor.form("/sign-out").fields["form_token"][0]
        fields = {
            "form_token": token,
            "ruling": "approved",
            "digest": "0" * 64,
            "comment": "",
            "password": PASSWORD,
        }
        assert visitor.post(f"/release/{reference}/decision", fields).status_code == 403

    admin = signed_in(program, Role.ADMIN, name="Omar")

    for path in ("/release", f"/release/{reference}", f"/release/{reference}/bundle.json"):
        assert admin.get(path).status_code == 403, path


def _page(visitor: Visitor, path: str) -> str:
    visitor.get(path)
    return visitor.page


def test_of_what_names_a_red_object_no_page_tells_its_id(program: Program) -> None:
    red, seen = indicator(1, tlp=Tlp.RED), indicator(2, tlp=Tlp.GREEN)
    named = [relationship(seen.stix_id, each.stix_id, n) for n, each in enumerate((red, seen))]
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work))
        put(work, red, seen, *named)
    handler = a_person(program, "Tomas", Role.HANDLER)
    reference = asked(program, handler, *(each.stix_id for each in named))
    visitor = signed_in(program, Role.LEAD)

    assert visitor.get(f"/indicators/{named[1].stix_id}/who-may").status_code == 200
    assert visitor.get(f"/indicators/{named[0].stix_id}/who-may").status_code == 404
    visitor.get(f"/release/{reference}")
    assert "It names TLP:RED, which may not go to" in visitor.page
    assert red.stix_id not in visitor.page
