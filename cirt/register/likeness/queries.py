"""Reports like those on a page: two questions for a page however long, a third for the texts of the few.

What many hold says little. Of a trait that more than COMMON reports hold only the NEWEST holders are looked
at, and it counts only where a report has hardly anything rarer: then whole reports are alike, as in a wave of
the same mail. A signature or a template that many share makes nothing alike by itself. Observables are
capped in the same way by :mod:`cirt.register.known`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Observable
from cirt.register.known import Known
from cirt.register.likeness.models import ReportTrait, TraitKind
from cirt.register.likeness.rules import Likeness
from cirt.register.likeness.traits import sentences_alike
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import Report, ReportState
from cirt.register.sight import sees_report

COMMON = 200
NEWEST = 20
_RARE_ENOUGH = 4  # rarer traits that must speak before common ones are left out
_READ = 5  # texts that are compared sentence by sentence


@dataclass(slots=True)
class _Other:
    """What one report has in common with another."""

    title: str = ""
    state: ReportState = ReportState.RECEIVED
    rare: int = 0
    common: int = 0
    of: int = 1
    same_contact: bool = False
    same_organisation: bool = False
    shared: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Own:
    rare: int = 0
    common: int = 0

    def share(self, other: _Other) -> float:
        if self.rare >= _RARE_ENOUGH:
            return min(1.0, other.rare / self.rare)
        total = max(self.rare + self.common, other.of)
        return (other.rare + other.common) / total if total else 0.0


Named = Mapping[int, str]  # report ids and references
Seen = Mapping[int, Sequence[tuple[Observable, Known]]]


def alike(work: Work, named: Named, seen: Seen) -> dict[int, list[Likeness]]:
    """For each report the others that share something with it, the most alike first.

    ``seen`` are its observables with what is known of each.
    """
    own_keys = _traits(work, list(named))
    holders, common = _holders(work, {key for keys in own_keys.values() for key, _ in keys})
    found = {}
    for report_id, reference in named.items():
        own, others = _compare(own_keys.get(report_id, []), holders, common)
        _add_observables(others, seen.get(report_id, ()))
        others.pop(reference, None)
        likes = [_likeness(name, other, own) for name, other in others.items()]
        found[report_id] = sorted(likes, key=lambda one: (-one.score, one.reference))
    return found


def with_sentences(work: Work, text: str, found: Sequence[Likeness]) -> list[Likeness]:
    """The few most alike, their texts read; for the page of one report."""
    first = [one for one in found if one.is_likely][:_READ]
    query = sa.select(Report.reference, Report.text).where(
        Report.reference.in_([one.reference for one in first]), sees_report(work.actor)
    )
    texts: dict[str, str] = {row.reference: row.text for row in work.session.execute(query)}
    return [
        replace(one, sentences=sentences_alike(text, texts[one.reference]))
        for one in first
        if one.reference in texts
    ]


def _traits(work: Work, ids: Collection[int]) -> dict[int, list[tuple[int, TraitKind]]]:
    query = sa.select(ReportTrait.report_id, ReportTrait.key, ReportTrait.kind).where(
        ReportTrait.report_id.in_(ids)
    )
    found: dict[int, list[tuple[int, TraitKind]]] = defaultdict(list)
    for row in work.session.execute(query):
        found[row.report_id].append((row.key, row.kind))
    return found


def _holders(work: Work, keys: Collection[int]) -> tuple[dict[int, list[sa.Row[Any]]], set[int]]:
    """By key: its newest visible holders, each as what it is shown through now; and the keys that are common."""
    if not keys:
        return {}, set()
    asked = sa.values(sa.column("key", sa.BigInteger)).data([(key,) for key in keys]).cte("asked")
    holder = sa.select(ReportTrait.report_id).where(ReportTrait.key == asked.c.key)
    newest = holder.order_by(ReportTrait.report_id.desc()).correlate(asked)
    floor = newest.limit(1).offset(NEWEST - 1).scalar_subquery()
    rarer = newest.limit(1).offset(COMMON).scalar_subquery()
    bounds = sa.select(
        asked.c.key, sa.func.coalesce(floor, 0).label("floor"), rarer.label("beyond")
    )
    bounded = bounds.cte("bounded").prefix_with("MATERIALIZED")  # once for a key, not for a holder
    query = (
        sa.select(
            ReportTrait.key,
            ReportTrait.kind,
            ReportTrait.of,
            bounded.c.beyond,
            Report.reference,
            Report.title,
            Report.state,
        )
        .select_from(bounded)
        .join(
            ReportTrait,
            sa.and_(ReportTrait.key == bounded.c.key, ReportTrait.report_id >= bounded.c.floor),
        )
        .join(Report, Report.id == home_of(ReportMerge, ReportTrait.report_id))
        .where(sees_report(work.actor))
    )
    found: dict[int, list[sa.Row[Any]]] = defaultdict(list)
    common: set[int] = set()
    for row in work.session.execute(query):
        found[row.key].append(row)
        if row.beyond is not None:
            common.add(row.key)
    return found, common


def _compare(
    keys: Sequence[tuple[int, TraitKind]],
    holders: Mapping[int, Sequence[sa.Row[Any]]],
    common: set[int],
) -> tuple[_Own, dict[str, _Other]]:
    own, others = _Own(), defaultdict[str, _Other](_Other)
    for key, kind in keys:
        if kind is TraitKind.TEXT:
            own.common += key in common
            own.rare += key not in common
        for reference, row in {row.reference: row for row in holders.get(key, ())}.items():
            other = others[reference]
            other.title, other.state = row.title, row.state
            _count(other, kind, row.of, is_common=key in common)
    return own, others


def _count(other: _Other, kind: TraitKind, of: int, *, is_common: bool) -> None:
    if kind is TraitKind.TEXT:
        other.of = of
        other.common += is_common
        other.rare += not is_common
    elif not is_common:  # a ministry that reports every day says nothing by its name
        other.same_contact |= kind is TraitKind.CONTACT
        other.same_organisation |= kind is TraitKind.ORGANISATION


def _add_observables(others: dict[str, _Other], seen: Sequence[tuple[Observable, Known]]) -> None:
    for observable, known in seen:
        for hit in known.reports:
            other = others.setdefault(hit.reference, _Other(hit.title))
            other.title, other.state = hit.title, hit.state
            other.shared.setdefault(observable.defanged)


def _likeness(reference: str, other: _Other, own: _Own) -> Likeness:
    return Likeness(
        reference=reference,
        title=other.title,
        state=other.state,
        text=own.share(other),
        shared=tuple(other.shared),
        same_contact=other.same_contact,
        same_organisation=other.same_organisation,
    )
