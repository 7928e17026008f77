"""Sightings that go back by themselves: to peers for whom a lead has said so, without a word on who saw it where.

What is confirmed on an incident and named by a live indicator of such a peer is reported once. An incident that is marked
more strictly than AMBER tells nothing by itself, not even that something was seen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.exchange.sightings import ReportSighting, goes_to, report_sighting
from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.index import live
from cirt.objects.models import (
    ObjectEnd,
    ObjectFacts,
    ObjectObservable,
    ObjectVersion,
    StixObject,
)
from cirt.objects.observables.kinds import Observable
from cirt.objects.warning import warned_among
from cirt.parties.models import Peer, PeerState, SightingsBack
from cirt.register.models import Incident, IncidentObservable, ObservableState, Side
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

JOB = "sightings.back"
_NEWEST = 20_000  # own observables that are looked at
_RECENT = timedelta(days=1)  # since when they were confirmed
_MOST = 200  # in one run; the next one goes on
_OPEN_ENOUGH = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER)


def report_seen(program: Program) -> int:
    """How many sightings wait for the next sync that did not before."""
    with program.work(SYSTEM, write=False) as work:
        wanted = sa.exists().where(Peer.sightings == SightingsBack.ANONYMOUS)
        if not work.session.scalar(sa.select(wanted)):
            return 0
    with program.work(SYSTEM) as work:
        seen = _seen(work)
        for stix_id, at in seen:
            report_sighting(work, ReportSighting(stix_id, first=at, last=at))
        return len(seen)


def _seen(work: Work) -> Sequence[tuple[str, datetime]]:
    """Objects that are confirmed by what an incident holds, and the first day on which they were."""
    row, sighting, end = IncidentObservable, aliased(StixObject), ObjectEnd
    last = work.session.scalar(sa.select(sa.func.max(row.id))) or 0
    has_ours = sa.exists().where(
        end.stix_id == StixObject.stix_id,
        sighting.newest_id == end.version_id,
        sighting.type == "sighting",
        sighting.brought_by_id.is_(None),
    )
    query = (
        sa.select(StixObject.stix_id, sa.func.min(row.decided_at), row.kind, row.value)
        .join(ObjectObservable, ObjectObservable.key == row.key)
        .join(StixObject, StixObject.id == ObjectObservable.object_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(Peer, Peer.id == StixObject.brought_by_id)
        .join(Incident, Incident.id == row.incident_id)
        .where(
            row.id > last - _NEWEST,
            row.state == ObservableState.CONFIRMED,
            row.decided_at.between(work.now - _RECENT, work.now),
            sa.or_(row.side.is_(None), row.side != Side.BENIGN),
            Incident.bin_id.is_(None),
            Incident.tlp.in_(_OPEN_ENOUGH),
            StixObject.type == "indicator",
            live(to_us(work.now)),
            Peer.sightings == SightingsBack.ANONYMOUS,
            Peer.state == PeerState.ACTIVE,
            sa.exists().where(goes_to(Peer.id)),
            ~has_ours,
            visible_facts(staff_reader(work.actor), None, work.now),
        )
        .group_by(StixObject.stix_id, row.kind, row.value)
        .order_by(StixObject.stix_id)
        .limit(_MOST)
    )
    found = work.session.execute(query).all()
    warned = warned_among(work.connection, [Observable(kind, value) for _, _, kind, value in found])
    first: dict[str, datetime] = {}
    for stix_id, at, kind, value in found:
        if at is not None and not warned.holds(Observable(kind, value)):
            first[stix_id] = min(at, first.get(stix_id, at))
    return list(first.items())
