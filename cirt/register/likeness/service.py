"""What a report that comes is compared by, and which earlier one it is most like; so the queue need not compare.

The comparison is the house's own and is shown to nobody here: whoever reads of it must be allowed to see the other
report. TLP:RED is left out, for those who are named on it see it on the report's page.
"""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.inserting import insert_rows
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.likeness.holders import holders_of_observables
from cirt.register.likeness.models import ReportTrait
from cirt.register.likeness.queries import (
    Own,
    Shared,
    compare,
    most_in_common,
    traits_of_text,
)
from cirt.register.likeness.rules import Likeness
from cirt.register.likeness.traits import Trait, traits_of
from cirt.register.models import Report, ReportState

_OBSERVABLES = 40  # of a report, that it is compared by; as many as a line of the queue looks at
_MANY, _FEW = 30, 6  # holders of an observable: of one that more hold, none counts
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    root_id: int
    likeness: Likeness


def compare_report(work: Work, report: Report, observable_keys: list[int]) -> None:
    """Keep its traits, and on the report which one it is most like, if any."""
    traits = traits_of(report.text, report.organisation, report.contact)
    found = _most_alike(work, report.id, traits, observable_keys[:_OBSERVABLES])
    if found is not None:
        report.like_id, report.like_root_id = found.id, found.root_id
        report.like_share = round(100 * found.likeness.text)
    rows = [
        {"key": one.key, "report_id": report.id, "kind": one.kind, "of": one.of} for one in traits
    ]
    insert_rows(work.session.connection(), ReportTrait, rows)


def _most_alike(
    work: Work, report_id: int, traits: list[Trait], keys: list[int]
) -> _Candidate | None:
    """Of equals the newest, so that a wave is a chain and not a crowd around its first."""
    own, shared = compare(work, traits)
    observables = _shared_observables(work, report_id, keys)
    ids = most_in_common(shared)[:_LOOKED_AT]
    ids += [one for one, _ in observables.most_common(_LOOKED_AT) if one not in shared]
    candidates = _candidates(work, ids, own, shared, observables)
    likely = [one for one in candidates if one.likeness.is_likely]
    return max(likely, key=lambda one: (one.likeness.score, one.id), default=None)


def _shared_observables(work: Work, report_id: int, keys: list[int]) -> Counter[int]:
    """How many each other report has as well."""
    found: Counter[int] = Counter()
    for ids in holders_of_observables(work, keys, _MANY + 1).values():
        others = [one for one in ids if one != report_id]
        if len(others) < _MANY:
            found.update(others[:_FEW])
    return found


def _candidates(
    work: Work, ids: list[int], own: Own, shared: dict[int, Shared], observables: Counter[int]
) -> list[_Candidate]:
    query = sa.select(
        Report.id,
        Report.reference,
        Report.title,
        sa.func.coalesce(Report.like_root_id, Report.id).label("root_id"),
        traits_of_text(Report.id),
    ).where(Report.id.in_(ids), Report.tlp != Tlp.RED)
    found = []
    for row in work.session.execute(query) if ids else ():
        also = shared.get(row.id, Shared())
        likeness = Likeness(
            reference=row.reference,
            title=row.title,
            state=ReportState.RECEIVED,
            text=own.share(also, row.of or 0),
            shared=("",) * observables[row.id],
            same_contact=also.same_contact,
            same_organisation=also.same_organisation,
        )
        found.append(_Candidate(row.id, row.root_id, likeness))
    return found
