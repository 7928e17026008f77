"""The desk in use: triage, incidents, notes, observables and indicators, by forms alone."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import TakeReport
from cirt.register.models import Note, Report, ReportState
from tests.support.browse import Visitor, signed_in, web_app

TEXT = (
    "Staff typed a password at hxxps://login-update[.]example[.]org/start\n"
    "Then 192.0.2.44 was called. <script>alert(1)</script>"
)


def a_report(program: Program, text: str = TEXT) -> str:
    with program.work(PUBLIC) as work:
        report, _ = service.take_report(work, TakeReport(text=text, organisation="Harbour Water"))
        return report.reference


def accept(visitor: Visitor, reference: str, **changed: str) -> str:
    """Accept a report in the pane; the incident's path."""
    visitor.get(f"/triage?selected={reference}")
    fields = {
        "decision": "accept",
        "title": "Password typed into a false login page",
        "classification": "fraud/phishing",
        "severity": "high",
        "tlp": "amber",
    }
    answer = visitor.send(f"/triage/{reference}/decision", **{**fields, **changed})
    assert answer.status_code == 303, visitor.text
    return answer.headers["Location"]


@pytest.fixture
def amina(program: Program) -> Visitor:
    return signed_in(program, Role.HANDLER)


def test_the_queue_shows_the_longest_wait_first(
    program: Program, amina: Visitor, clock: FakeClock
) -> None:
    first = a_report(program, "First thing that went wrong")
    clock.forward(minutes=50)
    second = a_report(program, "Second thing that went wrong")
    clock.forward(minutes=30)

    amina.get("/triage")

    assert amina.page.index(first) < amina.page.index(second)
    assert "1 h 20 min" in amina.text
    assert "30 min" in amina.text


def test_a_selected_report_shows_beside_the_queue_with_nothing_to_click(
    program: Program, amina: Visitor
) -> None:
    reference = a_report(program)

    amina.get(f"/triage?selected={reference}")

    assert "hxxps[:]//login-update[.]example[.]org/start" in amina.page
    assert "<script>alert" not in amina.page
    assert "://login-update" not in amina.page


def test_a_report_is_accepted_with_class_severity_and_marking(
    program: Program, amina: Visitor
) -> None:
    reference = a_report(program)

    place = accept(amina, reference, mine="1")
    amina.get(place)

    assert "Password typed into a false login page" in amina.text
    assert "Phishing" in amina.text
    assert "TLP:AMBER" in amina.text
    assert "Amina accepted report" in amina.text
    assert "2 observables were found" in amina.text


def test_what_is_missing_of_a_decision_is_said_and_the_rest_is_kept(
    program: Program, amina: Visitor
) -> None:
    reference = a_report(program)
    amina.get(f"/triage?selected={reference}")

    answer = amina.send(
        f"/triage/{reference}/decision", decision="accept", title="Kept title", reason="Kept reason"
    )

    assert answer.status_code == 422
    assert 'href="#classification"' in amina.page
    assert 'href="#severity"' in amina.page
    form = amina.form(f"/triage/{reference}/decision").fields
    assert form["title"] == ["Kept title"]
    assert form["reason"] == ["Kept reason"]


def test_a_report_that_shares_observables_is_added_where_the_pane_says(
    program: Program, amina: Visitor
) -> None:
    accept(amina, a_report(program))
    second = a_report(program, "We saw 192[.]0[.]2[.]44 too")

    amina.get(f"/triage?selected={second}")
    assert "Looks like INC-2026-0001" in amina.text
    amina.send(f"/triage/{second}/decision", reason="Same address")
    assert f"{second} is added to INC-2026-0001 ." in amina.text
    answer = amina.send(f"/triage/{second}/decision")

    assert answer.headers["Location"] == "/incidents/INC-2026-0001"
    amina.follow()
    assert "Amina added report" in amina.text


def test_a_marking_below_the_reports_asks_for_its_reason_and_keeps_the_rest(
    program: Program, amina: Visitor
) -> None:
    reference = a_report(program)
    amina.get(f"/triage?selected={reference}")
    typed = {
        "decision": "accept",
        "title": "A title of mine",
        "classification": "fraud/phishing",
        "severity": "high",
        "tlp": "clear",
    }

    answer = amina.send(f"/triage/{reference}/decision", **typed)

    assert answer.status_code == 422
    assert "The report is TLP:AMBER and the incident TLP:CLEAR" in amina.text
    assert "A title of mine" in amina.page
    answer = amina.send(f"/triage/{reference}/decision", **typed, reason="They agreed")
    assert answer.status_code == 303


def test_a_rejection_needs_its_reason(program: Program, amina: Visitor) -> None:
    reference = a_report(program)
    amina.get(f"/triage?selected={reference}")
    assert amina.send(f"/triage/{reference}/decision", decision="reject").status_code == 422

    amina.send(f"/triage/{reference}/decision", decision="reject", reason="Advertising")

    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalars(sa.select(Report.state)).one() is ReportState.REJECTED
    amina.get(f"/triage?view=decided&selected={reference}")
    amina.send(f"/triage/{reference}/undo")
    amina.get(f"/intake/{reference}")
    assert "Save decision on" in amina.text


def test_the_second_to_decide_is_told_and_loses_nothing(program: Program, amina: Visitor) -> None:
    reference = a_report(program)
    lin = signed_in(program, Role.TRIAGE, name="Lin")
    lin.get(f"/triage?selected={reference}")
    accept(amina, reference)

    answer = lin.send(
        f"/triage/{reference}/decision",
        decision="reject",
        reason="This reads like advertising to me",
    )

    assert answer.status_code == 409
    assert "Amina decided" in lin.text
    assert "This reads like advertising to me" in lin.page


def test_a_claim_shows_who_looks_at_it(program: Program, amina: Visitor) -> None:
    reference = a_report(program)
    amina.get(f"/triage?selected={reference}")

    amina.send(f"/triage/{reference}/claim")
    amina.get("/triage?view=mine")

    assert reference in amina.text
    assert "Claimed" in amina.text


def test_an_auditor_reads_but_finds_no_form(program: Program, amina: Visitor) -> None:
    place = accept(amina, a_report(program))
    waiting = a_report(program, "Another one")
    auditor = signed_in(program, Role.AUDITOR, name="Olga")

    auditor.get(f"/triage?selected={waiting}")
    assert "Save decision" not in auditor.text
    auditor.get(place)
    assert "Save note" not in auditor.text
    assert auditor.get(f"{place}/edit").status_code == 403


def test_a_file_comes_down_for_saving_only(program: Program, amina: Visitor) -> None:
    visitor = Visitor(web_app(program))
    visitor.get("/report")
    visitor.send("/report", text=TEXT, files=(BytesIO(b"<script>1</script>"), "a.html"))

    amina.get("/intake/REP-2026-0001")
    found = re.search(r'href="(/intake/REP-2026-0001/files/\d+)"', amina.page)
    assert found
    answer = amina.get(found[1])

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data == b"<script>1</script>"
    assert amina.get("/intake/REP-2026-0001/files/999").status_code == 404


def test_a_note_is_markdown_and_its_observables_are_offered(
    program: Program, amina: Visitor
) -> None:
    place = accept(amina, a_report(program, "Something is wrong here"))
    amina.get(place)

    amina.send(
        f"{place}/notes", text="It called **relay.example.org** [here](https://relay.example.org/)"
    )
    amina.follow()

    assert "<strong><bdi" in amina.page
    assert "relay[.]example[.]org" in amina.page
    assert 'href="https' not in amina.page
    amina.get(f"{place}/observables")
    assert "relay[.]example[.]org" in amina.text


def test_two_people_save_the_same_note_and_neither_loses_a_word(
    program: Program, amina: Visitor
) -> None:
    place = accept(amina, a_report(program))
    amina.get(place)
    amina.send(f"{place}/notes", text="first words")
    with program.work(CONSOLE, write=False) as work:
        number = work.session.scalars(sa.select(Note.id)).one()
    lin = signed_in(program, Role.HANDLER, name="Lin")
    for visitor in (amina, lin):
        visitor.get(f"{place}/notes/{number}")
    lin.send(f"{place}/notes/{number}", text="what Lin wrote")

    answer = amina.send(f"{place}/notes/{number}", text="what Amina wrote")

    assert answer.status_code == 409
    assert "Lin saved this note first" in amina.text
    assert "what Lin wrote" in amina.text
    assert amina.form(f"{place}/notes/{number}").fields["text"] == ["what Amina wrote"]
    assert amina.send(f"{place}/notes/{number}").status_code == 303
    amina.get(f"{place}/notes/{number}/history")
    assert "− what Lin wrote" in amina.text  # noqa: RUF001 - the sign of what went


def test_two_people_edit_the_same_facts(program: Program, amina: Visitor) -> None:
    place = accept(amina, a_report(program))
    lin = signed_in(program, Role.LEAD, name="Lin")
    for visitor in (amina, lin):
        visitor.get(f"{place}/edit")
    lin.send(f"{place}/edit", severity="critical")

    answer = amina.send(f"{place}/edit", title="A better title")

    assert answer.status_code == 409
    assert "Lin changed" in amina.text
    assert amina.form(f"{place}/edit").fields["title"] == ["A better title"]


def test_a_state_change_says_what_is_missing_first(program: Program, amina: Visitor) -> None:
    place = accept(amina, a_report(program))
    amina.get(f"{place}/state")
    assert "Choose the handler who owns it." in amina.text

    assert amina.send(f"{place}/state", to="contained").status_code == 409 or amina.last
    assert "Some facts are missing" in amina.text
    amina.get(f"{place}/state")
    assert (
        amina.send(f"{place}/state", to="waiting", reason="For the hospital's log").status_code
        == 303
    )

    amina.follow()
    assert "In progress to Waiting" in amina.text.replace("  ", " ")


def test_an_incident_may_begin_without_a_report(program: Program, amina: Visitor) -> None:
    amina.get("/incidents/new")
    assert amina.send("/incidents/new", title="Seen on the news").status_code == 422
    amina.send(
        "/incidents/new",
        title="Seen on the news",
        classification="availability/ddos",
        severity="low",
    )
    amina.follow()
    assert "opened this incident" in amina.text

    amina.get("/incidents?severity=low&who=mine")
    assert "Seen on the news" in amina.text
    amina.get("/incidents?severity=high")
    assert "No incident fits these filters" in amina.text


def test_pasted_observables_are_checked_and_become_indicators(
    program: Program, amina: Visitor
) -> None:
    place = accept(amina, a_report(program, "Something is wrong here"))
    amina.get(f"{place}/observables/new")
    assert amina.send(f"{place}/observables/new", text="nothing in here").status_code == 422
    assert amina.form(f"{place}/observables/new").fields["text"] == ["nothing in here"]
    amina.send(
        f"{place}/observables/new",
        text="beacon 192[.]0[.]2[.]44, relay[.]example[.]org via 198.51.100.7",
    )
    assert "1 beacon 192[.]0[.]2[.]44 , relay[.]example[.]org via 198[.]51[.]100[.]7" in amina.text
    form = amina.form(f"{place}/observables/check")
    names = [name for name in form.fields if name.startswith("do-")]
    assert len(names) == 3
    amina.send(f"{place}/observables/check", **{names[2]: "dismiss"})
    amina.follow()

    answer = amina.send(f"{place}/indicators", tlp="green")
    assert answer.status_code == 422
    assert "may travel further" in amina.text
    assert amina.form(f"{place}/indicators").fields["observable_ids"]
    answer = amina.send(f"{place}/indicators", tlp="green", reason="Harmless to tell")

    assert answer.headers["Location"] == f"{place}/sharing"
    amina.follow()
    assert "192[.]0[.]2[.]44" in amina.text
    assert amina.send(f"{place}/release", reason="Peers see it too").status_code == 422
    assert 'href="#collections"' in amina.page
    assert len(amina.form(f"{place}/release").fields["stix_ids"]) == 2
    amina.get(f"{place}/observables")
    assert "Made" in amina.text


def test_what_is_red_is_for_the_named_and_nothing_to_the_others(
    program: Program, amina: Visitor
) -> None:
    place = accept(amina, a_report(program), tlp="red", title="Only for few eyes")
    assert amina.get(place).status_code == 200
    lin = signed_in(program, Role.LEAD, name="Lin")

    for path in (
        place,
        f"{place}/observables",
        f"{place}/sharing",
        f"{place}/edit",
        f"{place}/state",
    ):
        assert lin.get(path).status_code == 404
    hidden, missing = (
        re.sub(r'value="[^"]*"', "", lin.get(path).get_data(as_text=True))
        for path in (place, "/incidents/INC-2026-0999")
    )
    assert hidden == missing
    for path in ("/incidents", "/desk", "/triage"):
        assert "Only for few eyes" not in lin.get(path).get_data(as_text=True)


def test_hostile_addresses_and_fields_are_no_fault_of_ours(
    program: Program, amina: Visitor
) -> None:
    accept(amina, a_report(program))
    for path in (
        "/triage?view=%00&source=x&words=%00&page=after.99999999999999999999.1&selected=%00",
        "/triage?selected=REP-9999-0001",
        "/incidents?state=x&class=x&severity=x&who=x&q=%25%00&page=zz",
        "/incidents/INC-2026-0001?show=zz&page=before.1.1",
        "/incidents/%00",
        "/incidents/INC-2026-0001/notes/99999999999999999999999",
        "/intake/%27%20or%201=1",
    ):
        assert amina.get(path).status_code < 500, path
