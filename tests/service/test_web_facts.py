"""The pages of an incident's facts, parties, relations, score and end: by forms alone, also with what is nasty."""

import re

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from cirt.register.models import Incident
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.severity.table import table
from tests.support.asked import asked_of
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, an_incident, with_observables

SCRIPT = "<script>alert(1)</script>"
NASTY = [SCRIPT, "a\x00b", "\ud800", "\u202egnp.exe", "x" * 1_000_000]


@pytest.fixture
def amina(program: Program) -> Visitor:
    return signed_in(program, Role.HANDLER)


@pytest.fixture
def place(amina: Visitor) -> str:
    amina.get("/incidents/new")
    fields = {"title": "Bills", "classification": "fraud/phishing", "severity": "low"}
    answer = amina.send("/incidents/new", **fields)
    assert answer.status_code == 303, amina.text
    return answer.headers["Location"]


def test_further_classes_are_added_and_taken_off_without_script(amina: Visitor, place: str) -> None:
    for another in ("fraud/masquerade", "malicious-code/infected-system"):
        amina.get(f"{place}/edit")
        assert amina.send(f"{place}/edit", another_class=another).status_code == 303
    amina.get(place)
    assert "Fraud › Masquerade" in amina.text  # noqa: RUF001 - a sign, not a letter
    amina.get(f"{place}/edit")
    assert len(amina.form(f"{place}/edit").fields["more_classes"]) == 2
    amina.send(f"{place}/edit", more_classes=["fraud/masquerade"])

    amina.get(place)
    assert "Masquerade" in amina.text
    assert "Infected System" not in amina.text


def test_the_timeline_says_what_a_fact_was_and_an_incident_is_taken_on_by_one_button(
    program: Program, amina: Visitor, place: str
) -> None:
    lin = signed_in(program, Role.LEAD, name="Lin")
    lin.get(f"{place}/edit")
    lin.send(f"{place}/edit", owner_id="", severity="high", title="Bills of Jane Roe", priority="1")
    assert "it needs a reason" in lin.text
    lin.send(f"{place}/edit", reason="More of them")
    lin.get(f"{place}/edit")
    lin.send(f"{place}/edit", title="Bills")

    lin.get(place)
    assert "severity: before Low , now High" in lin.text
    assert "priority: before As severity and sectors say , now 1, at once" in lin.text
    assert "Jane Roe" not in lin.text
    lin.send(f"{place}/edit")
    lin.follow()
    assert "owner: before Nobody yet , now Lin" in lin.text
    assert "I take it on" not in lin.text
    amina.get(place)
    assert "Lin" in amina.text


def test_a_wrong_field_keeps_all_that_was_typed(amina: Visitor, place: str) -> None:
    amina.get(f"{place}/edit")

    answer = amina.send(
        f"{place}/edit", countries="Kenya", sectors=["water", "energy"], is_cross_border="1"
    )

    assert answer.status_code == 422
    assert "Enter countries as two letters each" in amina.text
    fields = amina.form(f"{place}/edit").fields
    assert fields["countries"] == ["Kenya"]
    assert set(fields["sectors"]) == {"water", "energy"}
    assert fields["is_cross_border"] == ["1"]
    assert amina.send(f"{place}/edit", countries="ke; tz").status_code == 303
    amina.get("/incidents?border=yes&sort=priority")
    assert "Bills" in amina.text
    amina.get("/incidents?border=no")
    assert "No incident fits these filters" in amina.text


def test_a_priority_by_hand_on_a_new_incident_asks_for_its_reason(amina: Visitor) -> None:
    amina.get("/incidents/new")
    fields = {"title": "Bills", "classification": "fraud/phishing", "severity": "low"}
    assert amina.send("/incidents/new", priority="1", **fields).status_code == 422
    assert "Say why, or leave it" in amina.text

    amina.send("/incidents/new", reason="The minister is hit")

    amina.follow()
    assert "1, at once by hand: The minister is hit" in amina.text


def test_a_score_is_worked_out_line_by_line_before_it_is_kept(amina: Visitor, place: str) -> None:
    page = f"{place}/severity"
    worst = {c.code: max(c.options, key=c.options.__getitem__) for c in table().categories}
    amina.get(page)
    assert amina.send(page, actor="apt").status_code == 422
    assert "Choose an answer." in amina.text

    assert amina.send(page, act="work-out", **worst).status_code == 200
    assert "100.0 of 100." in amina.text
    assert "It was never scored" in amina.text
    assert amina.send(page).status_code == 303

    amina.get(page)
    assert "= 100 × (3400 − 325) ∕ (3400 − 325)" in amina.text  # noqa: RUF001 - signs of arithmetic
    amina.get(place)
    assert "Critical" in amina.text
    assert "100.0 of 100" in amina.text


def test_of_two_who_score_at_once_the_second_is_told(
    program: Program, amina: Visitor, place: str
) -> None:
    lin = signed_in(program, Role.LEAD, name="Lin")
    worst = {c.code: max(c.options, key=c.options.__getitem__) for c in table().categories}
    for visitor in (amina, lin):
        visitor.get(f"{place}/severity")
    lin.send(f"{place}/severity", **worst)

    answer = amina.send(f"{place}/severity", **{**worst, "actor": "criminal"})

    assert answer.status_code == 409
    assert "Lin changed" in amina.text
    assert amina.form(f"{place}/severity").fields["actor"] == ["criminal"]


@pytest.mark.parametrize("text", NASTY, ids=["script", "nul", "surrogate", "bidi", "long"])
def test_nasty_text_is_refused_or_kept_harmless(amina: Visitor, place: str, text: str) -> None:
    for page, fields in (
        (f"{place}/constituents", {"name": text, "role": "victim", "note": text}),
        (f"{place}/relations", {"other": text, "wish": "related", "note": text}),
        (f"{place}/close", {"reason": text, "lesson": text, "close_reason": "test", "seen": text}),
        (f"{place}/edit", {"countries": text, "sectors": [text], "another_class": text}),
        (f"{place}/severity", {"actor": text, "reason": text}),
    ):
        amina.get(page)
        sent = {
            name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            for name, value in fields.items()
        }
        answer = amina.send(page, **{k: v for k, v in sent.items() if k != "sectors"})
        assert answer.status_code in (303, 409, 422), (page, answer.status_code)
        assert SCRIPT not in amina.page
        amina.get(page)
        assert SCRIPT not in amina.page
    amina.get(place)
    assert SCRIPT not in amina.page


def test_ids_of_another_incident_lead_nowhere(program: Program, amina: Visitor, place: str) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    other = an_incident(program, tomas)
    (row,) = with_observables(program, tomas, other, "198.51.100.9")
    with program.work(tomas) as work:
        party = service.add_party(work, AddParty(other.reference, "Bank", PartyRole.VICTIM))

    for path in (
        f"{place}/constituents/{party.id}",
        f"{place}/observables/{row.id}",
        f"{place}/constituents/9223372036854775807",
    ):
        assert amina.get(path).status_code == 404
    amina.get(f"{place}/constituents")
    token = amina.form(f"{place}/constituents").fields["form_token"][0]
    path = f"{place}/constituents/{party.id}/remove"
    assert amina.post(path, {"form_token": token}).status_code == 404


def test_the_closing_page_names_what_is_missing_and_what_stands_open(
    amina: Visitor, place: str
) -> None:
    amina.get(f"{place}/edit")
    amina.send(f"{place}/edit", classification="other/undetermined", owner_id="")
    amina.get(f"{place}/state")
    assert "Close this incident…" in amina.text
    amina.get(f"{place}/close")
    assert "Replace “Undetermined”" in amina.text
    assert "Choose the handler who owns it." in amina.text
    with pytest.raises(AssertionError):
        amina.form(f"{place}/close")


def test_the_drawing_escapes_its_text_and_has_no_style(
    program: Program, amina: Visitor, place: str
) -> None:
    amina.get(f"{place}/constituents")
    amina.send(f"{place}/constituents", name='"><img src=x>', role="victim")
    amina.get(f"{place}/relations")

    (drawn,) = re.findall(r"<figure.*?</figure>", amina.page, re.DOTALL)
    assert "&lt;img" in drawn
    assert "<img" not in drawn
    assert "style=" not in drawn


def test_the_pages_ask_the_same_number_of_questions_however_much_there_is(
    program: Program, amina: Visitor
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    middle = an_incident(program, tomas)
    pages = ("", "/relations", "/constituents", "/severity", "/close")

    def asked() -> list[int]:
        found = []
        for page in pages:
            with asked_of(program.engine) as run:
                assert amina.get(f"/incidents/{middle.reference}{page}").status_code == 200
            found.append(len(run))
        return found

    with program.work(tomas) as work:
        work.session.execute(sa.update(Incident).values(owner_id=tomas.id))
    with_observables(program, tomas, middle, "198.51.100.9")
    an_other = an_incident(program, tomas)
    with_observables(program, tomas, an_other, "198.51.100.9")
    before = asked()
    for number in range(6):
        other = an_incident(program, tomas)
        with_observables(program, tomas, other, f"198.51.100.9 192.0.2.{number}")
        with_observables(program, tomas, middle, f"192.0.2.{number}")
        with program.work(tomas) as work:
            wish = LinkIncidents(middle.reference, an_other.reference, Wish.RELATED)
            if number == 0:
                service.link_incidents(work, wish)
            party = AddParty(middle.reference, f"Bank {number}", PartyRole.VICTIM)
            service.add_party(work, party)

    assert asked() == before
    assert max(before) < 30
