"""What a mail says it belongs to without proving it, for whoever decides on it; as far as they may see that.

What the asker may not see is left out as if the mail had not named it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.merging.models import IncidentMerge, ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import Incident, IncidentState, Report, ReportState
from cirt.register.pages import Query
from cirt.register.sight import sees_incident, sees_other, sees_report


class Why(StrEnum):
    """Why a mail was not attached by itself."""

    NAMED = "named"
    SENDER = "sender"
    REJECTED = "rejected"
    FULL = "full"
    LETTER = "letter"
    THREAD = "thread"
    TWIN = "twin"


WHY = {
    Why.NAMED: mark("Its subject names {reference}, which anybody can write."),
    Why.SENDER: mark(
        "It answers a letter of ours about {reference}, but comes from another address than the letter went to."
    ),
    Why.REJECTED: mark("It answers us about {reference}, which was rejected."),
    Why.FULL: mark("It answers us about {reference}, which holds as many messages as we take."),
    Why.LETTER: mark("It answers a letter of ours in {reference} that concerned no report."),
    Why.THREAD: mark("It answers a mail that came to us for {reference}, but no letter of ours."),
    Why.TWIN: mark(
        "It bears the Message-ID of a mail that came for {reference} and says something else: one of the two may be"
        " forged."
    ),
}
_UNPROVEN = mark("Nothing proves that it belongs to {reference}.")  # of mails that came before


@dataclass(frozen=True, slots=True)
class ClaimedIncident:
    """To which the report can be added, unless it is closed."""

    reference: str
    title: str
    state: IncidentState

    @property
    def is_closed(self) -> bool:
        return self.state is IncidentState.CLOSED


@dataclass(frozen=True, slots=True)
class Claim:
    """``incident`` is the claimed one itself, or that of the claimed report; None where there is none to be seen."""

    reference: str
    why: str  # marked for translation, with {reference}
    incident: ClaimedIncident | None
    may_lead: bool  # a report that waits, into which this one can be merged


def claims_of(work: Work, headers: Mapping[str, Any]) -> list[Claim]:
    """From the headers of a report that came by mail. Three queries, or none without a claim."""
    mail = headers.get("mail") or {}
    named = [str(one) for one in mail.get("claims", ())]
    if not named:
        return []
    why = mail.get("why") or {}
    reports = _reports(work, named)
    incidents = {**_incidents_of_reports(work, named), **_incidents(work, named)}
    return [
        Claim(
            one,
            _sentence(why.get(one)),
            incidents.get(one),
            may_lead=reports.get(one) in (ReportState.RECEIVED, ReportState.CLAIMED),
        )
        for one in named
        if one in reports or one in incidents
    ]


def _sentence(code: str | None) -> str:
    return WHY[Why(code)] if code in set(Why) else _UNPROVEN


def _reports(work: Work, named: Sequence[str]) -> dict[str, ReportState]:
    query = sa.select(Report.reference, Report.state).where(
        Report.reference.in_(named), sees_report(work.actor)
    )
    return {row.reference: row.state for row in work.session.execute(query)}


def _incidents(work: Work, named: Sequence[str]) -> dict[str, ClaimedIncident]:
    """Each as what it is shown through now."""
    home = aliased(Incident)
    query: Query = (
        sa.select(Incident.reference.label("claimed"), home.reference, home.title, home.state)
        .select_from(Incident)
        .join(home, home.id == home_of(IncidentMerge, Incident.id))
        .where(Incident.reference.in_(named), sees_incident(work.actor))
        .where(home.bin_id.is_(None), sees_other(work.actor, home))
    )
    return _by_claim(work, query)


def _incidents_of_reports(work: Work, named: Sequence[str]) -> dict[str, ClaimedIncident]:
    """Of several the newest that is open, else the newest."""
    home, link = aliased(Incident), aliased(ReportIncident)
    query: Query = (
        sa.select(Report.reference.label("claimed"), home.reference, home.title, home.state)
        .select_from(Report)
        .join(link, link.report_id == home_of(ReportMerge, Report.id))
        .join(Incident, Incident.id == link.incident_id)
        .join(home, home.id == home_of(IncidentMerge, Incident.id))
        .where(Report.reference.in_(named), link.kind != LinkKind.RELATED)
        .where(sees_report(work.actor), sees_incident(work.actor))
        .where(home.bin_id.is_(None), sees_other(work.actor, home))
        .order_by(home.state != IncidentState.CLOSED, home.id)
    )
    return _by_claim(work, query)


def _by_claim(work: Work, query: Query) -> dict[str, ClaimedIncident]:
    """The last row of each counts."""
    return {
        row.claimed: ClaimedIncident(row.reference, row.title, row.state)
        for row in work.session.execute(query)
    }
