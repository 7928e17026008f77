"""A page asks the database as often for many rows as for few, and stays with its indexes when there are many."""

import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.work import Actor
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bin.commands import DeletePart
from cirt.register.bin.models import Binned
from cirt.register.bin.service import delete_part
from cirt.register.commands import WriteNote
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from cirt.register.constituents.service import add_party
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.service import ask_reporter
from cirt.register.models import Incident
from cirt.register.pages import MOST, Count, count_of
from cirt.register.playbooks.commands import ApplyPlaybook
from cirt.register.playbooks.service import apply_playbook
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.service import add_task
from cirt.register.timeline.attack import add_attack
from cirt.register.timeline.commands import AddAttack
from tests.support.asked import asked_of
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, a_report, accepting, an_incident, with_observables

FEW, MANY = 5, 30
PAGES = (
    "/desk",
    "/triage",
    "/triage?view=decided",
    "/triage?view=likely",
    "/triage?sort=urgent&source=form",
    "/intake/REP-2026-0001",
    "/triage?selected=REP-2026-0001",
    "/incidents",
    "/incidents?state=open",
    "/incidents/{incident}",
    "/incidents/{incident}?order=oldest&show=notes",
    "/incidents/{incident}/observables",
    "/incidents/{incident}/tasks",
    "/incidents/{incident}/sharing",
    "/incidents/{incident}/dialogue",
    "/incidents/{incident}/relations",
    "/incidents/{incident}/constituents",
    "/incidents/{incident}/close",
    "/incidents/{incident}/merge",
    "/incidents/{incident}/notes/1/history",
    "/triage/answers",
    "/triage/agencies",
    "/indicators",
    "/release",
    "/sync",
    "/peers",
    "/account",
    "/playbooks",
    "/bin",
)


def asked_for(program: Program, visitor: Visitor, path: str) -> int:
    visitor.get(path)  # what is remembered once is remembered by now
    with asked_of(program.engine) as asked:
        answer = visitor.get(path)
    assert answer.status_code == 200, path
    return len(asked)


def add_rows(program: Program, tomas: Actor, incident: Incident, numbers: range) -> None:
    for number in numbers:
        report = a_report(program, f"198.51.100.{number} and evil{number}.example were seen")
        decided = a_report(program, f"198.51.100.{number} again")
        with program.work(tomas) as work:
            service.accept_report(work, accepting(decided, mine=True))
        other = an_incident(program, tomas, mine=True)
        with program.work(tomas) as work:
            service.link_incidents(
                work, LinkIncidents(incident.reference, other.reference, Wish.RELATED)
            )
            add_party(work, AddParty(incident.reference, f"Bank {number}", PartyRole.VICTIM))
            ask_reporter(work, AskReporter(report.reference, "Which mail was it?"))
    text = " ".join(f"host{number}.example" for number in numbers)
    with_observables(program, tomas, incident, text)
    with program.work(tomas) as work:
        for number in numbers:
            service.write_note(work, WriteNote(incident.reference, f"note n{number}.example.org"))
            add_task(work, AddTask(incident.reference, f"task {number}", tomas.id))
            event = AddAttack(incident.reference, "it came", "2026-11-16")
            gone = add_attack(work, event)
            add_attack(work, event)
            delete_part(work, DeletePart(incident.reference, Binned.ATTACK, gone.id))


def test_every_page_asks_as_often_for_thirty_rows_as_for_five(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD, name="Irena")
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        apply_playbook(work, ApplyPlaybook(incident.reference, "phishing"))
    paths = [path.format(incident=incident.reference) for path in PAGES]

    add_rows(program, tomas, incident, range(FEW))
    few = {path: asked_for(program, visitor, path) for path in paths}
    add_rows(program, tomas, incident, range(FEW, MANY))
    many = {path: asked_for(program, visitor, path) for path in paths}

    assert many == few
    assert max(few.values()) < 45


def test_a_list_is_counted_no_further_than_five_hundred(program: Program) -> None:
    numbers = (
        sa.values(sa.column("n", sa.Integer)).data([(n,) for n in range(MOST + 5)]).cte("many")
    )
    with program.work(a_person(program, "Tomas", Role.HANDLER), write=False) as work:
        found = count_of(work.session, sa.select(numbers.c.n))

    assert (found, str(found), f"{found}") == (MOST + 1, "500+", "500+")
    assert f"{Count(3)} reports" == "3 reports"
    assert str(Count(MOST)) == "500"
