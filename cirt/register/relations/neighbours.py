"""What stands around an incident: linked incidents, others with the same observables, indicators, reports, parties."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.objects.observables.kinds import Observable
from cirt.objects.warning import warned_among
from cirt.register.constituents.models import IncidentParty
from cirt.register.constituents.service import parties_of
from cirt.register.holders import MANY
from cirt.register.linking.whereabouts import reports_on
from cirt.register.models import (
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
    Severity,
)
from cirt.register.relations.queries import Link, links_of
from cirt.register.sight import sees_incident, sees_report

_OBSERVABLES = 100  # the newest of it that are compared with those of others
_SHOWN = 50  # of each kind on the page


class NodeKind(StrEnum):
    LINKED = "linked"
    SHARING = "sharing"
    INDICATOR = "indicator"
    REPORT = "report"
    PARTY = "party"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Another incident that holds some of the same observables."""

    reference: str
    title: str
    state: IncidentState
    count: int


@dataclass(frozen=True, slots=True)
class MadeIndicator:
    stix_id: str
    observable: Observable
    revoked: bool


@dataclass(frozen=True, slots=True)
class NearReport:
    reference: str
    title: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Everything in the order of its importance within its kind."""

    links: list[Link]
    sharing: list[Sharing]
    indicators: list[MadeIndicator]
    reports: list[NearReport]
    parties: list[IncidentParty]


Node = tuple[NodeKind, Link | Sharing | MadeIndicator | NearReport | IncidentParty]


def neighbours(work: Work, incident: Incident) -> Neighbours:
    """Six queries, whatever there is; what the asker may not see is not there."""
    links = links_of(work, incident.id)
    linked = {link.reference for link in links}
    return Neighbours(
        links=links,
        sharing=[each for each in _sharing(work, incident.id) if each.reference not in linked],
        indicators=_indicators(work, incident.id),
        reports=_reports(work, incident.id),
        parties=parties_of(work, incident.id),
    )


def important(around: Neighbours, most: int) -> list[Node]:
    """At most so many to be drawn: a few of every kind first, then what is left in the order of the kinds."""
    kinds = (
        [(NodeKind.LINKED, each) for each in sorted(around.links, key=_weight)],
        [(NodeKind.SHARING, each) for each in around.sharing],
        [(NodeKind.PARTY, each) for each in around.parties],
        [(NodeKind.INDICATOR, each) for each in around.indicators if not each.revoked],
        [(NodeKind.REPORT, each) for each in around.reports],
    )
    each_has = max(1, most // len(kinds))
    first = [node for kind in kinds for node in kind[:each_has]]
    rest = [node for kind in kinds for node in kind[each_has:]]
    chosen = [*first, *rest[: most - len(first)]]
    order = list(NodeKind)
    return sorted(chosen, key=lambda node: order.index(node[0]))


def _weight(link: Link) -> tuple[bool, int]:
    """Open ones first, then the most severe."""
    return link.state is IncidentState.CLOSED, list(Severity).index(link.severity)


def _sharing(work: Work, incident_id: int) -> list[Sharing]:
    """Those that hold most of the same; what very many hold or the warning list names says nothing, and does not count."""
    mine, theirs = aliased(IncidentObservable), aliased(IncidentObservable)
    newest = (
        sa.select(mine.key, mine.kind, mine.value)
        .where(mine.incident_id == incident_id, mine.state == ObservableState.CONFIRMED)
        .order_by(mine.id.desc())
        .limit(_OBSERVABLES)
        .subquery()
    )
    some = sa.select(sa.literal(1)).where(theirs.key == newest.c.key).limit(MANY + 1)
    held_by = sa.select(sa.func.count()).select_from(some.correlate(newest).subquery())
    query = sa.select(newest, held_by.scalar_subquery().label("held_by"))
    rows = [row for row in work.session.execute(query) if row.held_by <= MANY]
    named = {row.key: Observable(row.kind, row.value) for row in rows}
    warned = warned_among(work.connection, named.values())
    keys = [key for key, one in named.items() if not warned.holds(one)]
    count = sa.func.count()
    others = (
        sa.select(Incident.reference, Incident.title, Incident.state, count.label("count"))
        .join(IncidentObservable, IncidentObservable.incident_id == Incident.id)
        .where(
            IncidentObservable.key.in_(keys),
            IncidentObservable.state != ObservableState.DISMISSED,
            Incident.id != incident_id,
            sees_incident(work.actor),
        )
        .group_by(Incident.id, Incident.reference, Incident.title, Incident.state)
        .order_by(count.desc(), Incident.id.desc())
        .limit(_SHOWN)
    )
    return [Sharing(*row) for row in work.session.execute(others)]


def _indicators(work: Work, incident_id: int) -> list[MadeIndicator]:
    query = (
        sa.select(
            StixObject.stix_id,
            IncidentObservable.kind,
            IncidentObservable.value,
            StixObject.revoked,
        )
        .join(IncidentObservable, IncidentObservable.object_id == StixObject.id)
        .where(IncidentObservable.incident_id == incident_id)
        .order_by(StixObject.revoked, IncidentObservable.id.desc())
        .limit(_SHOWN)
    )
    return [
        MadeIndicator(row.stix_id, Observable(row.kind, row.value), row.revoked)
        for row in work.session.execute(query)
    ]


def _reports(work: Work, incident_id: int) -> list[NearReport]:
    query = (
        sa.select(Report.reference, Report.title)
        .where(Report.id.in_(reports_on([incident_id])), sees_report(work.actor))
        .order_by(Report.received_at.desc(), Report.id.desc())
        .limit(_SHOWN)
    )
    return [NearReport(*row) for row in work.session.execute(query)]
