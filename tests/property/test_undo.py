"""Whatever a decision on a report was, undoing it within the day leaves what was there before it."""

from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import Actor, Work
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import (
    AddReport,
    ClaimReport,
    MarkSpam,
    RejectReport,
    UndoDecision,
)
from cirt.register.linking.commands import LinkReport
from cirt.register.linking.models import RelatedReport, ReportIncident
from cirt.register.linking.service import link_report
from cirt.register.linking.splitting import add_to_another
from cirt.register.models import IncidentObservable, ObservableState, Report
from cirt.register.sight import get_report
from tests.support.register import a_person, a_report, accepting, an_incident

INCIDENTS = 3
PLACES = st.integers(0, INCIDENTS - 1)
DECISIONS = st.one_of(
    st.sampled_from(["accept", "reject", "spam"]),
    st.lists(PLACES, min_size=1, max_size=INCIDENTS, unique=True),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    linked=st.lists(PLACES, max_size=INCIDENTS, unique=True),
    is_claimed=st.booleans(),
    decision=DECISIONS,
    times=st.integers(1, 2),
)
def test_what_is_decided_and_undone_is_as_it_was(
    program: Program,
    clock: FakeClock,
    linked: list[int],
    is_claimed: bool,
    decision: str | list[int],
    times: int,
) -> None:
    actor, other = colleagues(program)
    report = a_report(program, "203.0.113.9 and evil.example").reference
    twin = a_report(program, "203.0.113.9").reference
    incidents = [an_incident(program, actor).reference for _ in range(INCIDENTS)]
    with program.work(other) as work:
        link_report(work, LinkReport(report, twin, "Much alike"))
        for at in linked:
            link_report(work, LinkReport(report, incidents[at], f"Perhaps {at}"))
    if is_claimed:
        with program.work(other) as work:
            service.claim_report(work, ClaimReport(report, 1))
    before = links(program, report), decided(program, report), offered(program)

    for _ in range(times):
        clock.forward(minutes=1)
        with program.work(actor) as work:
            decide(work, report, decision, incidents)
        clock.forward(minutes=1)
        with program.work(actor) as work:
            version = get_report(work, report).version
            service.undo_decision(work, UndoDecision(report, version))

    assert (links(program, report), decided(program, report), offered(program)) == before


def colleagues(program: Program) -> tuple[Actor, Actor]:
    with program.engine.connect() as connection:
        count = connection.scalar(sa.select(sa.func.count(Report.id))) or 0
    return tuple(a_person(program, f"{name}{count}", Role.LEAD) for name in ("Irena", "Tomas"))  # type: ignore[return-value]  # two names


def decide(work: Work, reference: str, decision: str | list[int], incidents: list[str]) -> None:
    report = get_report(work, reference)
    if decision == "accept":
        service.accept_report(work, accepting(report))
    elif decision == "reject":
        service.reject_report(work, RejectReport(reference, report.version, "No attack"))
    elif decision == "spam":
        service.mark_spam(work, MarkSpam(reference, report.version))
    else:
        act = service.add_report_to_incident
        for at in decision:
            assert isinstance(at, int)
            act(work, AddReport(reference, report.version, incidents[at], "It belongs there"))
            act = add_to_another


def links(program: Program, reference: str) -> list[Any]:
    """Every column of them."""
    with program.engine.connect() as connection:
        of_report = sa.select(Report.id).where(Report.reference == reference).scalar_subquery()
        own = sa.select(ReportIncident.__table__).where(ReportIncident.report_id == of_report)
        alike = sa.select(RelatedReport.__table__).where(RelatedReport.report_id == of_report)
        return [sorted(map(tuple, connection.execute(query)), key=repr) for query in (own, alike)]


def decided(program: Program, reference: str) -> tuple[Any, ...]:
    """The report but for its version, which rises whatever happens."""
    columns = [column for column in Report.__table__.c if column.name != "version"]
    with program.engine.connect() as connection:
        return tuple(connection.execute(sa.select(*columns).filter_by(reference=reference)).one())


def offered(program: Program) -> list[Any]:
    """What a report brought and nobody confirmed is dismissed, so that it stays told that it was there."""
    found = IncidentObservable
    query = sa.select(found.id).where(found.state == ObservableState.OFFERED).order_by(found.id)
    with program.engine.connect() as connection:
        return list(connection.scalars(query))
