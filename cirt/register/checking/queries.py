"""Findings for the pages on which they are looked over."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register import extract
from cirt.register.errors import NothingFound, TextTooLong
from cirt.register.extract import Found
from cirt.register.findings import MAX_FOUND, MAX_PASTE_BYTES, PASTE_LIMIT
from cirt.register.known import Known, known_of
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.observables import is_shown
from cirt.register.merging.queries import family
from cirt.register.models import IncidentObservable, ObservableState
from cirt.register.sight import get_incident

LISTED = 200  # rows of a pasted text that are shown one by one


@dataclass(frozen=True, slots=True)
class FoundRow:
    """``state`` is what it is on the incident already; None: it is new there."""

    observable: Observable
    line: int
    known: Known
    state: ObservableState | None


@dataclass(frozen=True, slots=True)
class LookedOver:
    """What a text holds: the first LISTED one by one, all of them by kind."""

    rows: list[FoundRow]
    kinds: Mapping[Kind, int]
    found: list[Found]
    lines: int

    @property
    def total(self) -> int:
        return len(self.found)


@dataclass(frozen=True, slots=True)
class Offered:
    """How many of each kind wait for a decision, and the newest of them."""

    kinds: Mapping[Kind, int]
    upto: int

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


def look_over(work: Work, reference: str, text: str) -> LookedOver:
    """Read a text for an incident; nothing is kept.

    Raises:
        NothingFound, TextTooLong, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, reference)
    found = found_in(text)
    listed = [one.observable for one in found[:LISTED]]
    known = known_of(work, listed, besides_incident=incident.id)
    states = _states(work, incident.id, listed)
    rows = []
    line, read = 1, 0
    for one in found[:LISTED]:
        line, read = line + text.count("\n", read, one.start), one.start
        key = one.observable.key
        rows.append(FoundRow(one.observable, line, known.get(key, Known()), states.get(key)))
    kinds = Counter(one.observable.kind for one in found)
    return LookedOver(rows, dict(kinds.most_common()), found, text.rstrip("\n").count("\n") + 1)


def found_in(text: str) -> list[Found]:
    """Each that means something else, at its first place.

    Raises:
        NothingFound, TextTooLong.
    """
    if len(text) > MAX_PASTE_BYTES:
        raise TextTooLong(limit=PASTE_LIMIT)
    found: dict[int, Found] = {}
    for one in extract.find(text, MAX_FOUND):
        found.setdefault(one.observable.key, one)
    if not found:
        raise NothingFound
    return list(found.values())


def offered_of(work: Work, ids: list[int]) -> Offered:
    """Of a family of incidents that the caller may see. One query."""
    row = IncidentObservable
    query = (
        sa.select(row.kind, sa.func.count(), sa.func.max(row.id))
        .where(is_shown(ids), row.state == ObservableState.OFFERED)
        .group_by(row.kind)
        .order_by(sa.func.count().desc(), row.kind)
    )
    rows = work.session.execute(query).all()
    return Offered(
        {Kind(kind): count for kind, count, _ in rows}, max((r[2] for r in rows), default=0)
    )


def _states(
    work: Work, incident_id: int, observables: list[Observable]
) -> dict[int, ObservableState]:
    row = IncidentObservable
    ids = family(work, IncidentMerge, incident_id)
    query = sa.select(row.key, row.state).where(
        is_shown(ids), among(row.key, [one.key for one in observables])
    )
    return {row.key: row.state for row in work.session.execute(query)}
