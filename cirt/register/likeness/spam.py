"""Which reports on a page are like spam: one of those that are alike was, or the same contact sent some."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from cirt.kernel.among import listed_given
from cirt.kernel.work import Actor, Work
from cirt.register.likeness.models import ReportTrait, TraitKind
from cirt.register.likeness.rules import Likeness
from cirt.register.likeness.traits import key_of
from cirt.register.models import Report, ReportState
from cirt.register.sight import sees_report

_NEWEST = 50  # of those that are alike, and of what one contact sent


def spam_like(work: Work, rows: Sequence[sa.Row[Any]]) -> dict[int, list[Likeness]]:
    """By id. ``rows`` are reports with ``like_root_id``, ``like_share`` and ``contact``."""
    keys = {row.id: key_of(TraitKind.CONTACT, row.contact) for row in rows if row.contact.strip()}
    alike = _spam_among_alike(work, {row.like_root_id or row.id for row in rows})
    senders = _spam_of_contacts(work, set(keys.values()))
    found: dict[int, list[Likeness]] = defaultdict(list)
    for row in rows:
        text = alike.get(row.like_root_id or row.id)
        if text is not None:
            found[row.id].append(_likeness(text, text=_share(row)))
        sender = senders.get(keys.get(row.id, 0))
        if sender is not None:
            found[row.id].append(_likeness(sender, same_contact=True))
    return dict(found)


def _newest(
    report_id: InstrumentedAttribute[int],
    asked: sa.TableValuedAlias,
    among: InstrumentedAttribute[Any],
) -> sa.Subquery:
    """Ids of the newest reports of each that is asked for, found in the column ``among``."""
    query = sa.select(report_id.label("id")).where(among == asked.c.value)
    return query.order_by(report_id.desc()).limit(_NEWEST).correlate(asked).subquery()


def _spam_among_alike(work: Work, roots: set[int]) -> Mapping[int, str]:
    """By the first of those that are alike: the reference of one that was spam."""
    if not roots:
        return {}
    found = work.session.execute(_among_alike(work.actor), {"asked": list(roots)})
    return {row.value: row.spam for row in found if row.spam}


@lru_cache(maxsize=256)
def _among_alike(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Made once for each who asks, as below: it takes longer to make than to run."""
    asked = listed_given("asked")
    newest = _newest(Report.id, asked, Report.like_root_id)
    first = sa.select(Report.reference).where(Report.id == asked.c.value, *_is_spam(actor))
    later = _reference_of(actor, newest.c.id)
    spam = sa.func.coalesce(first.correlate(asked).scalar_subquery(), later).label("spam")
    return sa.select(asked.c.value, spam)


def _spam_of_contacts(work: Work, keys: set[int]) -> Mapping[int, str]:
    if not keys:
        return {}
    found = work.session.execute(_of_contacts(work.actor), {"asked": list(keys)})
    return {row.value: row.spam for row in found if row.spam}


@lru_cache(maxsize=256)
def _of_contacts(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    asked = listed_given("asked")
    newest = _newest(ReportTrait.report_id, asked, ReportTrait.key)
    return sa.select(asked.c.value, _reference_of(actor, newest.c.id).label("spam"))


def _reference_of(actor: Actor, ids: sa.ColumnElement[int]) -> sa.ScalarSelect[str]:
    spam = sa.select(sa.func.max(Report.reference)).where(Report.id == ids, *_is_spam(actor))
    return spam.scalar_subquery()


def _is_spam(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return Report.state == ReportState.SPAM, sees_report(actor)


def _share(row: sa.Row[Any]) -> float:
    """The first of those that are alike is like none before it, but all of them are like it."""
    return 1.0 if row.like_share is None else row.like_share / 100


def _likeness(reference: str, *, text: float = 0.0, same_contact: bool = False) -> Likeness:
    return Likeness(reference, "", ReportState.SPAM, text, same_contact=same_contact)
