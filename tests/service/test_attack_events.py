"""Events of the attack stand where they occurred, beside what the team did."""

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.work import Actor
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import WriteNote
from cirt.register.models import EntryKind, Incident
from cirt.register.queries import Thread, TimelineFilter
from cirt.register.sight import get_incident
from cirt.register.timeline.attack import (
    AttackChanged,
    NoSuchAttack,
    add_attack,
    edit_attack,
    get_attack,
    tellings_of,
)
from cirt.register.timeline.commands import AddAttack, EditAttack
from cirt.register.timeline.models import Precision
from tests.support.browse import signed_in
from tests.support.register import a_person, an_incident


def an_event(
    program: Program, actor: Actor, incident: Incident, when: str, zone: str = "UTC"
) -> int:
    with program.work(actor) as work:
        said = AddAttack(incident.reference, f"It happened {when}", when, zone, "a log")
        return add_attack(work, said).id


def test_an_event_stands_at_its_own_time(program: Program, clock: FakeClock) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    clock.forward(hours=2)
    an_event(program, tomas, incident, "2026-11-18 16:30", "+03:00")  # between opening and now
    an_event(program, tomas, incident, "2026-11-16")

    with program.work(tomas, write=False) as work:
        newest = queries.timeline(work, incident.reference)
        oldest = queries.timeline(work, incident.reference, TimelineFilter(oldest_first=True))
        events = queries.timeline(work, incident.reference, TimelineFilter(thread=Thread.ATTACK))

    kinds = [EntryKind.ATTACK, EntryKind.OPENED, EntryKind.ATTACK]
    assert [row.kind for row in newest.rows] == kinds
    assert [row.id for row in oldest.rows] == [row.id for row in newest.rows][::-1]
    first, last = (row.attack for row in events.rows)
    assert first is not None
    assert last is not None
    assert (first.precision, first.zone) == (Precision.MINUTE, "+03:00")
    assert (last.precision, last.written_at) == (Precision.DAY, clock.now())


def test_a_correction_moves_it_and_keeps_what_was_said(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    event_id = an_event(program, tomas, incident, "2026-11-16")
    other = an_incident(program, tomas)

    with program.work(lin) as work:
        said = EditAttack(incident.reference, event_id, 1, "Better known", "2026-11-15 10h")
        edit_attack(work, said)
    with program.work(lin, write=False) as work:
        event = get_attack(work, get_incident(work, incident.reference), event_id)
        (before,) = tellings_of(work, event)
        entries = queries.timeline(work, incident.reference, TimelineFilter(thread=Thread.ATTACK))
        with pytest.raises(NoSuchAttack):
            get_attack(work, get_incident(work, other.reference), event_id)

    assert (before.text, before.author) == ("It happened 2026-11-16", "Tomas")
    assert (event.text, event.author, event.version) == ("Better known", "Lin", 2)
    assert entries.rows[-1].at == event.occurred_at
    with pytest.raises(AttackChanged, match="Lin"), program.work(tomas) as work:
        edit_attack(work, EditAttack(incident.reference, event_id, 1, "x", "2026-11-15"))


def test_the_timeline_is_narrowed_to_a_person_who_stands_in_it(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident = an_incident(program, tomas)
    with program.work(lin) as work:
        service.write_note(work, WriteNote(incident.reference, "from Lin"))

    with program.work(tomas, write=False) as work:
        people = queries.counts_of(work, [incident.id], TimelineFilter()).people
        her = queries.counts_of(work, [incident.id], TimelineFilter(person="Lin"))
        notes = queries.counts_of(work, [incident.id], TimelineFilter(thread=Thread.NOTES))
        of_lin = queries.timeline(work, incident.reference, TimelineFilter(person="Lin"))
        nobody = queries.timeline(work, incident.reference, TimelineFilter(person="Nobody"))

    assert people == {"Lin": 1, "Tomas": 1}
    assert her.threads[Thread.ALL] == her.threads[Thread.NOTES] == 1
    assert her.threads[Thread.DECISIONS] == 0
    assert notes.people == {"Lin": 1, "Tomas": 0}
    assert notes.threads[Thread.DECISIONS] == 1
    assert [row.kind for row in of_lin.rows] == [EntryKind.NOTE]
    assert nobody.total == 0


def test_who_only_reads_adds_none(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    incident = an_incident(program, tomas)

    with pytest.raises(NotAllowed):
        an_event(program, nia, incident, "2026-11-16")


def test_the_form_says_how_to_write_a_time_and_keeps_the_text(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    path = f"/incidents/{an_incident(program, a_person(program, 'Tomas', Role.HANDLER)).reference}"
    visitor.get(f"{path}/attack/new")
    text = "It called hxxp://198.51.100.7 <script>alert(1)</script>"

    for when, zone, words in (
        ("at noon", "UTC", "no time we can read"),
        ("2026-11-17", "Nowhere/Land", "no time zone"),
        ("2027-01-01", "UTC", "has not come yet"),
    ):
        assert (
            visitor.send(f"{path}/attack/new", text=text, when=when, zone=zone).status_code == 422
        )
        assert words in visitor.text
        assert "It called" in visitor.page
    visitor.send(f"{path}/attack/new", text=text, when="2026-11-17 13h", zone="Africa/Nairobi")
    visitor.follow()

    assert "17 Nov 2026 13:00–13:59, Africa/Nairobi" in visitor.text  # noqa: RUF001  # as printed
    assert "<script>alert" not in visitor.page
