"""Observables of an incident and of what is merged into it, each value once."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.register.models import IncidentObservable, ObservableState


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
