"""Reports like one report: what it holds is looked up, and only what has much in common with it is read.

What many hold says little. Of a trait that more than COMMON reports hold only the NEWEST holders are looked
at, and it counts only where a report has hardly anything rarer: then whole reports are alike, as in a wave of
the same mail. A signature or a template that many share makes nothing alike by itself. Observables are
capped in the same way by :mod:`cirt.register.known`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among_given
from cirt.kernel.prepared import Prepared
from cirt.kernel.work import Actor, Work
from cirt.objects.observables.kinds import Observable
from cirt.register.known import Known
from cirt.register.likeness.holders import holders_of_traits
from cirt.register.likeness.models import ReportTrait, TraitKind
from cirt.register.likeness.rules import Likeness
from cirt.register.likeness.traits import Trait, sentences_alike
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import Report, ReportState
from cirt.register.sight import sees_report

COMMON = 100
NEWEST = 20
_RARE_ENOUGH = 4  # rarer traits that must speak before common ones are left out
_READ = 5  # texts that are compared sentence by sentence
_MOST = 100  # reports with most in common that are looked at further


@dataclass(slots=True)
class Shared:
    """What one report has in common with another."""

    rare: int = 0
    common: int = 0
    same_contact: bool = False
    same_organisation: bool = False

    @property
    def rank(self) -> tuple[int, bool, bool]:
        return self.rare + self.common, self.same_contact, self.same_organisation


@dataclass(slots=True)
class Own:
    """How many traits of its text a report shares with few and with many."""

    rare: int = 0
    common: int = 0

    def share(self, other: Shared, of: int) -> float:
        """From 0 to 1: how much of the text both have; ``of`` is how many traits of it the other has."""
        if self.rare >= _RARE_ENOUGH:
            return min(1.0, other.rare / self.rare)
        total = max(self.rare + self.common, of)
        return (other.rare + other.common) / total if total else 0.0


@dataclass(slots=True)
class _Other:
    title: str
    state: ReportState
    text: float = 0.0
    same_contact: bool = False
    same_organisation: bool = False
    shared: dict[str, None] = field(default_factory=dict)


_TRAITS = Prepared(
    sa.select(ReportTrait.key, ReportTrait.kind, ReportTrait.of).where(
        ReportTrait.report_id == sa.bindparam("report_id", type_=sa.BigInteger)
    )
)

Seen = Sequence[tuple[Observable, Known]]
_asked: Any = aliased(Report)


def alike(work: Work, report: Report, seen: Seen) -> list[Likeness]:
    """Others that share something with it and that the asker may see, the most alike first. Three queries.

    ``seen`` are its observables with what is known of each.
    """
    traits = _traits(work, report.id)
    own, shared = compare(work, traits)
    shared.pop(report.id, None)
    others = _others(work, own, shared)
    _add_observables(others, seen)
    others.pop(report.reference, None)
    found = [_likeness(name, other) for name, other in others.items()]
    return sorted(found, key=lambda one: (-one.score, one.reference))


def compare(work: Work, traits: Sequence[Trait]) -> tuple[Own, dict[int, Shared]]:
    """What a report with these traits has in common with each holder of one, by id. One query."""
    holders = holders_of_traits(work, [one.key for one in traits], max(COMMON, NEWEST) + 1)
    own, others = Own(), defaultdict[int, Shared](Shared)
    for trait in traits:
        ids = holders.get(trait.key, [])
        is_common = len(ids) > COMMON
        if trait.kind is TraitKind.TEXT:
            own.common += is_common
            own.rare += not is_common
        for report_id in ids[:NEWEST] if is_common else ids:
            _count(others[report_id], trait.kind, is_common=is_common)
    return own, dict(others)


def with_sentences(work: Work, text: str, found: Sequence[Likeness]) -> list[Likeness]:
    """The few most alike, their texts read; for the page of one report."""
    first = [one for one in found if one.is_likely][:_READ]
    asked = {"references": [one.reference for one in first]}
    rows = work.session.execute(_texts(work.actor), asked) if first else ()
    texts: dict[str, str] = {row.reference: row.text for row in rows}
    return [
        replace(one, sentences=sentences_alike(text, texts[one.reference]))
        for one in first
        if one.reference in texts
    ]


@lru_cache(maxsize=256)
def _texts(actor: Actor) -> sa.Select[str, str]:
    return sa.select(Report.reference, Report.text).where(
        among_given(Report.reference, "references"), sees_report(actor)
    )


def most_in_common(shared: Mapping[int, Shared]) -> list[int]:
    return sorted(shared, key=lambda one: (shared[one].rank, one), reverse=True)[:_MOST]


def traits_of_text(report_id: sa.SQLColumnExpression[int]) -> sa.Label[int | None]:
    """How many traits of its text a report has; each of them says so."""
    any_of_it = sa.select(ReportTrait.of).where(
        ReportTrait.report_id == report_id, ReportTrait.kind == TraitKind.TEXT
    )
    return any_of_it.limit(1).scalar_subquery().label("of")


def _traits(work: Work, report_id: int) -> list[Trait]:
    found = _TRAITS.rows(work.connection, {"report_id": report_id})
    return [Trait(row.key, row.kind, row.of) for row in found]


def _count(other: Shared, kind: TraitKind, *, is_common: bool) -> None:
    if kind is TraitKind.TEXT:
        other.common += is_common
        other.rare += not is_common
    elif not is_common:  # a ministry that reports every day says nothing by its name
        other.same_contact |= kind is TraitKind.CONTACT
        other.same_organisation |= kind is TraitKind.ORGANISATION


def _others(work: Work, own: Own, shared: Mapping[int, Shared]) -> dict[str, _Other]:
    """By reference, each as what it is shown through now."""
    found: dict[str, _Other] = {}
    for row in work.session.execute(_as_shown(work.actor), {"ids": most_in_common(shared)}):
        other = found.setdefault(row.reference, _Other(row.title, row.state))
        also = shared[row.id]
        other.text = max(other.text, own.share(also, row.of or 0))
        other.same_contact |= also.same_contact
        other.same_organisation |= also.same_organisation
    return found


@lru_cache(maxsize=256)
def _as_shown(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Made once for each who asks: it takes longer to make than to run."""
    columns = (Report.reference, Report.title, Report.state, traits_of_text(_asked.id))
    return (
        sa.select(_asked.id, *columns)
        .select_from(_asked)
        .join(Report, Report.id == home_of(ReportMerge, _asked.id))
        .where(among_given(_asked.id, "ids"), sees_report(actor))
    )


def _add_observables(others: dict[str, _Other], seen: Seen) -> None:
    for observable, known in seen:
        for hit in known.reports:
            other = others.setdefault(hit.reference, _Other(hit.title, hit.state))
            other.shared.setdefault(observable.defanged)


def _likeness(reference: str, other: _Other) -> Likeness:
    return Likeness(
        reference=reference,
        title=other.title,
        state=other.state,
        text=other.text,
        shared=tuple(other.shared),
        same_contact=other.same_contact,
        same_organisation=other.same_organisation,
    )
