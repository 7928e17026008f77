"""Findings looked over: a pasted text and what waits on an incident, ruled row by row, by kind, or all at once."""

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.work import Actor
from cirt.objects.observables.kinds import Kind, canonical
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.checking.commands import CheckOffered, Ruling, Rulings, SavePaste
from cirt.register.checking.queries import LISTED, look_over, offered_of
from cirt.register.checking.service import check_offered, save_paste
from cirt.register.commands import AddObservables
from cirt.register.errors import NothingChosen, ObservablesUnknown
from cirt.register.models import Incident, IncidentObservable, ObservableState
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, an_incident

TEXT = (
    "From: it@harbour.example\nlure http://login.example.org/start\nbeacon 192.0.2.44 or 192.0.2.45"
)


def key(kind: Kind, value: str) -> int:
    found = canonical(kind, value)
    assert found
    return found.key


def by_state(program: Program, tomas: Actor, incident: Incident) -> dict[str, list[str]]:
    with program.work(tomas, write=False) as work:
        return {
            state.value: sorted(
                row.observable.value
                for row in queries.observables(
                    work, incident.reference, state=state, limit=500
                ).rows
            )
            for state in ObservableState
        }


def test_a_row_counts_before_its_kind_and_its_kind_before_all(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    rulings = Rulings(
        rest=Ruling.KEEP,
        kinds={Kind.IPV4: Ruling.IGNORE},
        rows={
            key(Kind.IPV4, "192.0.2.45"): Ruling.KEEP,
            key(Kind.EMAIL, "it@harbour.example"): Ruling.LATER,
        },
    )
    with program.work(tomas) as work:
        save_paste(work, SavePaste(incident.reference, TEXT, rulings))

    assert by_state(program, tomas, incident) == {
        "offered": ["it@harbour.example"],
        "confirmed": ["192.0.2.45", "http://login.example.org/start"],
        "dismissed": ["192.0.2.44"],
    }
    with program.work(tomas, write=False) as work:
        told = queries.timeline(work, incident.reference).rows[0].values
    assert told == {"confirmed": 2, "dismissed": 1}


def test_a_second_paste_leaves_what_was_decided_unless_its_row_says_otherwise(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    ignored = key(Kind.IPV4, "192.0.2.44")
    first = Rulings(Ruling.KEEP, rows={ignored: Ruling.IGNORE})
    with program.work(tomas) as work:
        save_paste(work, SavePaste(incident.reference, TEXT, first))
    before = by_state(program, tomas, incident)

    for ruling in Ruling:
        with program.work(tomas) as work:
            save_paste(work, SavePaste(incident.reference, TEXT, Rulings(ruling)))
        assert by_state(program, tomas, incident) == before
    with program.work(tomas) as work:
        rulings = Rulings(rows={ignored: Ruling.KEEP})
        save_paste(work, SavePaste(incident.reference, TEXT, rulings))
    assert by_state(program, tomas, incident)["dismissed"] == []


def test_what_waits_is_decided_by_kind_but_not_what_came_since(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    other = an_incident(program, tomas)
    with program.work(tomas) as work:
        service.add_observables(work, AddObservables(other.reference, "198.51.100.1"))
        service.add_observables(work, AddObservables(incident.reference, TEXT))
    with program.work(tomas, write=False) as work:
        waiting = offered_of(work, [incident.id])
        rows = queries.observables(work, incident.reference, state=ObservableState.OFFERED).rows
    assert waiting.kinds == {Kind.IPV4: 2, Kind.EMAIL: 1, Kind.URL: 1}
    with program.work(tomas) as work:
        service.add_observables(work, AddObservables(incident.reference, "203.0.113.9"))

    kept = next(row.id for row in rows if row.observable.value == "192.0.2.45")
    rulings = Rulings(kinds={Kind.IPV4: Ruling.IGNORE}, rows={kept: Ruling.KEEP})
    with program.work(tomas) as work:
        check_offered(work, CheckOffered(incident.reference, waiting.upto, rulings))

    found = by_state(program, tomas, incident)
    assert found["confirmed"] == ["192.0.2.45"]
    assert found["dismissed"] == ["192.0.2.44"]
    assert "203.0.113.9" in found["offered"]
    with program.work(tomas) as work, pytest.raises(ObservablesUnknown):
        theirs = queries.observables(work, other.reference).rows[0].id
        rulings = Rulings(rows={theirs: Ruling.KEEP})
        check_offered(work, CheckOffered(incident.reference, waiting.upto, rulings))
    with program.work(tomas) as work, pytest.raises(NothingChosen):
        check_offered(work, CheckOffered(incident.reference, waiting.upto, Rulings()))


def test_ten_thousand_in_one_paste_are_looked_over_by_kind(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    text = "\n".join(
        f"185.{n // 250 + 60}.{n % 250 + 1}.77 host{n}.example.org" for n in range(5000)
    )
    with program.work(tomas, write=False) as work:
        found = look_over(work, incident.reference, text)
    assert (found.total, len(found.rows), found.lines) == (10_000, LISTED, 5000)
    assert found.rows[-1].line == LISTED // 2

    rulings = Rulings(Ruling.LATER, {Kind.DOMAIN: Ruling.KEEP, Kind.IPV4: Ruling.IGNORE})
    with program.work(tomas) as work:
        save_paste(work, SavePaste(incident.reference, text, rulings))
    state = IncidentObservable.state
    with program.work(tomas, write=False) as work:
        counted = sa.select(state, sa.func.count()).group_by(state).order_by(state)
        totals = [tuple(row) for row in work.session.execute(counted)]
    assert totals == [(ObservableState.CONFIRMED, 5000), (ObservableState.DISMISSED, 5000)]


def test_the_page_keeps_text_and_choices_and_refuses_what_it_does_not_know(
    program: Program,
) -> None:
    tomas: Visitor = signed_in(program, Role.HANDLER, name="Tomas")
    an_incident(program, a_person(program, "Lin", Role.HANDLER))
    place = "/incidents/INC-2026-0001/observables"
    tomas.get(f"{place}/new")
    hostile = "<script>alert(1)</script>\n\u202eevil.example.org\n" + TEXT
    assert tomas.send(f"{place}/new", text=hostile).status_code == 200
    assert "<script>alert" not in tomas.page
    assert "2 \u202e evil[.]example[.]org" in tomas.text.replace("\u2068", "")
    asked = tomas.form(f"{place}/check").fields
    row = next(name for name in asked if name.startswith("do-"))

    wrong = {"all": "burn"}, {"kind-nothing": "confirm"}, {"do-x": "confirm"}, {row: "burn"}
    for fields in wrong:
        answer = tomas.post(f"{place}/check", {**asked, "kind-url": "dismiss", **fields})
        assert answer.status_code == 422
        again = tomas.form(f"{place}/check").fields
        assert again["text"] == [hostile]
        assert again["kind-url"] == ["dismiss"]
    assert tomas.post(f"{place}/check", {**asked, "text": "nothing"}).status_code == 422
    assert tomas.post(f"{place}/check", {**asked, "back": "1"}).status_code == 200
    assert tomas.form(f"{place}/new").fields["text"] == [hostile]
    assert tomas.post(f"{place}/check", {**asked, row: "dismiss"}).status_code == 303
    tomas.follow()
    assert "One that was ignored" in tomas.text
