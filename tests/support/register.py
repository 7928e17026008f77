"""Builders of the register: people of the team, reports, incidents."""

from typing import Any

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Actor, ActorKind, Work
from cirt.parties.accounts import AddAccount, add_account, get_account
from cirt.parties.roles import Role, permissions_of
from cirt.register import service
from cirt.register.commands import (
    AcceptReport,
    AddObservables,
    OpenIncident,
    TakeReport,
)
from cirt.register.models import Incident, IncidentObservable, Report, Severity

PASSWORD = "a password of the tests"


def a_person(program: Program, name: str, *roles: Role) -> Actor:
    """Somebody with an account, as they act once signed in."""
    email = f"{name.lower()}@ex-cirt.example"
    with program.work(CONSOLE) as work:
        add_account(work, AddAccount(email, name, roles, PASSWORD))
        account = get_account(work.session, email)
    return Actor(
        ActorKind.PERSON,
        id=account.id,
        name=name,
        person_id=account.person_id,
        roles=frozenset(roles),
        permissions=permissions_of(frozenset(roles)),
    )


def a_report(
    program: Program, text: str = "A window asked for remote control.", **given: Any
) -> Report:
    """A report as the public sends it."""
    with program.work(given.pop("actor", PUBLIC)) as work:
        return service.take_report(work, TakeReport(text=text, **given))[0]


def accepting(report: Report, **given: Any) -> AcceptReport:
    facts: dict[str, Any] = {
        "title": "Remote access at a water utility",
        "rsit_class": "intrusions",
        "rsit_type": "system-compromise",
        "severity": Severity.HIGH,
        "tlp": Tlp.AMBER,
    }
    return AcceptReport(report.reference, report.version, **{**facts, **given})


def an_incident(program: Program, actor: Actor, **given: Any) -> Incident:
    facts: dict[str, Any] = {
        "title": "Remote access at a water utility",
        "rsit_class": "intrusions",
        "rsit_type": "system-compromise",
        "severity": Severity.HIGH,
        "tlp": Tlp.AMBER,
    }
    with program.work(actor) as work:
        return service.open_incident(work, OpenIncident(**{**facts, **given}))


def with_observables(
    program: Program, actor: Actor, incident: Incident, text: str
) -> list[IncidentObservable]:
    """The incident's confirmed observables after ``text`` was pasted."""
    with program.work(actor) as work:
        service.add_observables(work, AddObservables(incident.reference, text, confirm=True))
        return observables_of(work, incident)


def observables_of(work: Work, incident: Incident) -> list[IncidentObservable]:
    query = work.session.query(IncidentObservable).filter_by(incident_id=incident.id)
    return list(query.order_by(IncidentObservable.id))
