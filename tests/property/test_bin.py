"""Delete then restore is the identity, in whatever order nested deletions are undone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import Actor
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bin.commands import DeleteIncident, DeletePart, Restore
from cirt.register.bin.models import BinAct, Binned
from cirt.register.bin.service import delete_incident, delete_part, restore
from cirt.register.commands import AddReport, WriteNote
from cirt.register.models import (
    Incident,
    IncidentObservable,
    Note,
    Report,
    ReportObservable,
)
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.models import Task
from cirt.register.tasks.service import add_task
from cirt.register.timeline.attack import add_attack
from cirt.register.timeline.commands import AddAttack
from cirt.register.timeline.models import AttackEvent
from tests.support.databases import Databases
from tests.support.register import a_person, a_report, accepting

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
TABLES = (Incident, Note, Task, AttackEvent, IncidentObservable, Report, ReportObservable)
PARTS = (Binned.NOTE, Binned.TASK, Binned.ATTACK)
# The whole incident, or one of two parts of each kind.
CHOICES = st.one_of(
    st.just((Binned.INCIDENT, 0)), st.tuples(st.sampled_from(PARTS), st.integers(0, 1))
)


@dataclass(frozen=True)
class House:
    program: Program
    irena: Actor


@pytest.fixture(scope="module")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all examples: each has an incident of its own beside those of others."""
    place = tmp_path_factory.mktemp("bin")
    with databases.program("sqlite", place, FakeClock(NOON)) as program:
        yield House(program, a_person(program, "Irena", Role.LEAD))


def an_incident_with_parts(
    program: Program, irena: Actor
) -> tuple[Incident, dict[Binned, list[int]]]:
    reports = [a_report(program, f"198.51.100.{number} was seen") for number in (1, 2)]
    with program.work(irena) as work:
        incident = service.accept_report(work, accepting(reports[0]))
        add = AddReport(reports[1].reference, reports[1].version, incident.reference)
        service.add_report_to_incident(work, add)
        made: dict[Binned, list[int]] = {kind: [] for kind in PARTS}
        for number in range(2):
            note = WriteNote(incident.reference, f"note {number}: evil{number}.example")
            made[Binned.NOTE].append(service.write_note(work, note).id)
            made[Binned.TASK].append(add_task(work, AddTask(incident.reference, "do")).id)
            event = AddAttack(incident.reference, "it came", "2026-11-16")
            made[Binned.ATTACK].append(add_attack(work, event).id)
    return incident, made


def state_of(program: Program) -> dict[str, list[tuple[object, ...]]]:
    """Every row but for the numbers that tell that it was touched."""
    with program.engine.connect() as connection:
        return {
            model.__tablename__: [
                tuple(row)
                for row in connection.execute(
                    sa.select(
                        *(c for c in model.__table__.columns if c.name != "version")
                    ).order_by(*(c for c in model.__table__.columns if c.primary_key))
                )
            ]
            for model in TABLES
        }


def delete(program: Program, irena: Actor, incident: Incident, kind: Binned, row_id: int) -> int:
    with program.work(irena) as work:
        if kind is Binned.INCIDENT:
            version = work.session.get_one(Incident, incident.id).version
            return delete_incident(work, DeleteIncident(incident.reference, version, "x")).id
        return delete_part(work, DeletePart(incident.reference, kind, row_id)).id


@settings(max_examples=30)
@given(chosen=st.lists(CHOICES, unique=True, max_size=5), order=st.randoms(use_true_random=False))
def test_delete_then_restore_is_the_identity(
    house: House, chosen: list[tuple[Binned, int]], order: object
) -> None:
    program, irena = house.program, house.irena
    incident, made = an_incident_with_parts(program, irena)
    before = state_of(program)
    # Nothing of an incident can be deleted once it is in the bin itself.
    sequence = sorted(chosen, key=lambda choice: choice[0] is Binned.INCIDENT)
    acts = [
        delete(program, irena, incident, kind, made[kind][number] if kind in made else 0)
        for kind, number in sequence
    ]
    if acts:
        assert state_of(program) != before

    order.shuffle(acts)  # type: ignore[attr-defined]  # a Random
    for act in acts:
        with program.work(irena) as work:
            restore(work, Restore(act))

    assert state_of(program) == before
    with program.work(irena, write=False) as work:
        assert work.session.scalars(sa.select(BinAct)).all() == []
