"""Observables of an incident and of what is merged into it, each value once; and what a report leaves behind."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import (
    Incident,
    IncidentObservable,
    ObservableState,
    Report,
    ReportObservable,
)
from cirt.register.sight import Condition


def is_shown(ids: list[int]) -> sa.ColumnElement[bool]:
    """On IncidentObservable: of the incidents ``ids``, a family, the row that says most about its value.

    That is the one with an indicator, else the one confirmed, else the one still to check; where they say the same,
    the leading incident's.
    """
    row = IncidentObservable
    of_family = row.incident_id.in_(ids)
    if len(ids) == 1:
        return of_family
    other = aliased(IncidentObservable)
    says_more = sa.tuple_(_weight(other, ids[0]), -other.id) > sa.tuple_(
        _weight(row, ids[0]), -row.id
    )
    doubled = sa.exists().where(other.incident_id.in_(ids), other.key == row.key, says_more)
    return sa.and_(of_family, ~doubled)


def _weight(row: type[IncidentObservable], leading: int) -> sa.ColumnElement[int]:
    indicator = sa.case((row.object_id.is_not(None), 16), else_=0)
    state = sa.case(
        (row.state == ObservableState.CONFIRMED, 8),
        (row.state == ObservableState.OFFERED, 4),
        else_=2,
    )
    return indicator + state + sa.case((row.incident_id == leading, 1), else_=0)


def leave_to_others(work: Work, leaving: Collection[int], *rows: Condition) -> list[int]:
    """Of these rows of IncidentObservable, what a report names that stays on the incident is its from now on: which.

    ``leaving`` are the ids of the reports that do not stay.
    """
    found, link = IncidentObservable, ReportIncident
    staying = (
        sa.select(sa.func.min(Report.reference))
        .join(ReportObservable, ReportObservable.report_id == Report.id)
        .join(link, link.report_id.in_([Report.id, home_of(ReportMerge, Report.id)]))
        .join(Incident, Incident.id == link.incident_id)
        .where(
            ReportObservable.key == found.key,
            link.incident_id == found.incident_id,
            link.kind != LinkKind.RELATED,
            Report.id.not_in(leaving),
            sa.or_(Report.tlp != Tlp.RED, Incident.tlp == Tlp.RED),
        )
        .correlate(found)
        .scalar_subquery()
    )
    left = work.session.execute(
        sa.update(found)
        .where(*rows, staying.is_not(None))
        .values(source=staying)
        .returning(found.id),
        execution_options={"synchronize_session": False},
    )
    return list(left.scalars())
