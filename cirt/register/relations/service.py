"""Linking incidents and taking links off."""

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.register.errors import NoSuchIncident
from cirt.register.incidents import note_link
from cirt.register.models import EntryKind, Incident
from cirt.register.relations.circles import Standing, standing
from cirt.register.relations.commands import MEANT, LinkIncidents, UnlinkIncidents, wish_of
from cirt.register.relations.errors import (
    LinkedAlready,
    LinkInCircle,
    LinkRefused,
    LinkToItself,
    OtherUnknown,
)
from cirt.register.relations.models import IncidentRelation, RelationKind
from cirt.register.sight import get_incident
from cirt.register.turns import take_turn


def link_incidents(work: Work, cmd: LinkIncidents) -> IncidentRelation:
    """
    Raises:
        OtherUnknown, LinkToItself, LinkedAlready, LinkInCircle, LinkRefused, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    take_turn(work)
    incident, other = _both(work, cmd.reference, cmd.other)
    if _link(work, incident, other) is not None:
        raise LinkedAlready(reference=other.reference)
    kind, is_from = MEANT[cmd.wish]
    low, high = (incident, other) if is_from else (other, incident)
    if kind is RelationKind.PART_OF:
        _check_circle(work, low, high)
    relation = IncidentRelation(
        incident_id=low.id, other_id=high.id, kind=kind, note=cmd.note, added_at=work.now
    )
    work.session.add(relation)
    work.session.flush()
    for here, there, outward in ((incident, other, is_from), (other, incident, not is_from)):
        wish = wish_of(kind, outward)
        note_link(work, here, there, EntryKind.LINKED, relation=wish, reason=cmd.note)
    work.audit("incident.link", incident.reference, other=other.reference, kind=cmd.wish)
    return relation


def unlink_incidents(work: Work, cmd: UnlinkIncidents) -> None:
    """
    Raises:
        OtherUnknown: it is not linked, or not for the asker to see.
        NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident, other = _both(work, cmd.reference, cmd.other)
    relation = _link(work, incident, other)
    if relation is None:
        raise OtherUnknown(given=cmd.other[:40])
    work.session.delete(relation)
    for here, there in ((incident, other), (other, incident)):
        note_link(work, here, there, EntryKind.UNLINKED)
    work.audit("incident.unlink", incident.reference, other=other.reference)


def _check_circle(work: Work, part: Incident, whole: Incident) -> None:
    found = standing(work, whole.id, part.id)
    if found is Standing.SEEN:
        raise LinkInCircle(part=part.reference)
    if found is Standing.HIDDEN:
        raise LinkRefused(part=part.reference, whole=whole.reference)


def _both(work: Work, reference: str, given: str) -> tuple[Incident, Incident]:
    incident = get_incident(work, reference)
    if given == reference:
        raise LinkToItself(reference=reference)
    try:
        return incident, get_incident(work, given)
    except NoSuchIncident:
        raise OtherUnknown(given=given[:40]) from None


def _link(work: Work, one: Incident, two: Incident) -> IncidentRelation | None:
    query = sa.select(IncidentRelation).where(
        sa.tuple_(IncidentRelation.incident_id, IncidentRelation.other_id).in_(
            [(one.id, two.id), (two.id, one.id)]
        )
    )
    return work.session.scalars(query).first()
