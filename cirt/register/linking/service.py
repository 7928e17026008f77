"""Links that decide nothing, and one report on several incidents."""

from collections.abc import Mapping

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.clock import from_us, to_us
from cirt.kernel.inserting import insert_new
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.errors import IncidentClosed
from cirt.register.findings import offer_report
from cirt.register.incidents import note_entry
from cirt.register.linking.commands import LinkReport, UnlinkReport
from cirt.register.linking.errors import LinkedByDecision, LinkToItself, LinkUnknown
from cirt.register.linking.models import LinkKind, RelatedReport, ReportIncident
from cirt.register.merging.guards import check_incident_whole
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.observables import leave_to_others
from cirt.register.merging.queries import family, reports_of, whole_family
from cirt.register.models import (
    EntryKind,
    Incident,
    IncidentObservable,
    IncidentState,
    ObservableState,
    Report,
)
from cirt.register.sight import for_trail, get_incident, get_report, hand_on_names
from cirt.register.texts import storable

_ENTRIES = {
    LinkKind.ACCEPTED: EntryKind.REPORT_ACCEPTED,
    LinkKind.ADDED: EntryKind.REPORT_ADDED,
}


def link_report(work: Work, cmd: LinkReport) -> None:
    """Link a report to an incident, or to another report; linking twice changes nothing.

    Raises:
        LinkUnknown, LinkToItself, NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    if cmd.to.startswith("INC-"):
        incident = get_incident(work, cmd.to, lock=True)
        is_new = _link(work, report, incident, LinkKind.RELATED, cmd.reason)
        if is_new and (report.tlp is not Tlp.RED or incident.tlp is Tlp.RED):
            note_entry(work, incident.id, EntryKind.REPORT_LINKED, report=report.reference)
    elif cmd.to.startswith("REP-"):
        _relate(work, report, get_report(work, cmd.to), cmd.reason)
    else:
        raise LinkUnknown(to=cmd.to)
    why = for_trail(report.tlp, cmd.reason)
    work.audit("report.link", report.reference, to=cmd.to, reason=why)


def unlink_report(work: Work, cmd: UnlinkReport) -> None:
    """
    Raises:
        LinkedByDecision: only a link that decided nothing can be taken away so.
        LinkUnknown, NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference, lock=True)
    if cmd.to.startswith("INC-"):
        incident = get_incident(work, cmd.to)
        link = work.session.get(ReportIncident, (report.id, incident.id))
        if link is not None and link.kind is not LinkKind.RELATED:
            raise LinkedByDecision(reference=report.reference, to=cmd.to)
        _drop(work, link)
    elif cmd.to.startswith("REP-"):
        _drop(work, work.session.get(RelatedReport, _in_order(report, get_report(work, cmd.to))))
    else:
        raise LinkUnknown(to=cmd.to)
    work.audit("report.unlink", report.reference, to=cmd.to)


def open_for_more(work: Work, reference: str) -> Incident:
    """An incident that takes a report, held until commit.

    Raises:
        IsMerged, NoSuchIncident.
        IncidentClosed: it must be opened again first.
    """
    incident = get_incident(work, reference, lock=True)
    check_incident_whole(work, incident)
    if incident.state is IncidentState.CLOSED:
        raise IncidentClosed(reference=incident.reference)
    return incident


def put_on_incident(
    work: Work,
    report: Report,
    incident: Incident,
    kind: LinkKind,
    reason: str,
    *,
    act: str,
    below: Mapping[str, str],
) -> None:
    """A decision brought the report, and what is merged into it, to this incident; told on both.

    ``act`` and ``below`` are for the trail: what was done, and what ``check_marking`` found.
    """
    told = {"report": report.reference, "reason": reason}
    note_entry(work, incident.id, _ENTRIES[kind], **told)
    why = for_trail(report.tlp, reason)
    work.audit(act, report.reference, incident=incident.reference, reason=why, **below)
    _link(work, report, incident, kind, reason)
    for one in reports_of(work, family(work, ReportMerge, report.id)):
        if one.tlp is Tlp.RED and incident.tlp is not Tlp.RED:
            continue
        if one.tlp is Tlp.RED:
            hand_on_names(work, one.reference, incident.reference)
        offer_report(work, incident.id, one)


def take_off_incident(work: Work, report: Report, incident: Incident) -> None:
    """Undo of a decision: what the report alone brought and nobody confirmed is dismissed, not deleted.

    A link that decided nothing and stood there before stands there again.
    """
    found = IncidentObservable
    ids = whole_family(work, ReportMerge, report.id)
    sources = sa.select(Report.reference).where(Report.id.in_(ids))
    brought = (
        found.incident_id == incident.id,
        found.source.in_(sources),
        found.state == ObservableState.OFFERED,
    )
    _unlink(work, work.session.get_one(ReportIncident, (report.id, incident.id)))
    left = leave_to_others(work, ids, *brought)
    work.session.execute(
        sa.update(found)
        .where(*brought, ~among(found.id, left))
        .values(state=ObservableState.DISMISSED, decided_at=work.now, decided_by_id=work.actor.id)
    )
    note_entry(work, incident.id, EntryKind.REPORT_REMOVED, report=report.reference)


def _link(work: Work, report: Report, incident: Incident, kind: LinkKind, reason: str) -> bool:
    """Whether it is new; a link that decided nothing becomes one that does."""
    link = work.session.get(ReportIncident, (report.id, incident.id))
    if link is None:
        link = ReportIncident(report_id=report.id, incident_id=incident.id)
        work.session.add(link)
    elif kind is LinkKind.RELATED:
        return False
    elif link.kind is LinkKind.RELATED:
        at, by = to_us(link.linked_at), link.linked_by_id
        link.before = {"reason": link.reason, "at": at, "by": by}
    link.kind, link.reason = kind, storable(reason)
    link.linked_at, link.linked_by_id = work.now, work.actor.id
    work.session.flush()
    return True


def _unlink(work: Work, link: ReportIncident) -> None:
    """What a decision linked: gone, or again what it was before."""
    before = link.before
    if before is None:
        _drop(work, link)
        return
    link.kind, link.reason, link.before = LinkKind.RELATED, before["reason"], None
    link.linked_at, link.linked_by_id = from_us(before["at"]), before["by"]
    work.session.flush()


def _relate(work: Work, report: Report, other: Report, reason: str) -> None:
    if report.id == other.id:
        raise LinkToItself(reference=report.reference)
    first, second = _in_order(report, other)
    insert = insert_new(work.session.connection(), RelatedReport, "report_id", "other_id")
    values = {
        "report_id": first,
        "other_id": second,
        "reason": storable(reason),
        "linked_at": work.now,
        "linked_by_id": work.actor.id,
    }
    work.session.execute(insert.values(values))


def _in_order(report: Report, other: Report) -> tuple[int, int]:
    return min(report.id, other.id), max(report.id, other.id)


def _drop(work: Work, link: ReportIncident | RelatedReport | None) -> None:
    if link is not None:
        work.session.delete(link)
        work.session.flush()
