"""What was found when reports came: the earlier report that each is most like, as far as the asker may see it."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among_given
from cirt.kernel.work import Actor, Work
from cirt.register.merging.models import ReportMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import Report, ReportState
from cirt.register.sight import sees_other

_AS_TOLD: Any = aliased(Report)  # the earlier one, as what it is shown through now


@dataclass(frozen=True, slots=True)
class KeptLike:
    """``share`` is how much of the text is alike, of 100."""

    reference: str
    title: str
    state: ReportState
    share: int


def kept_likes(work: Work, ids: Collection[int]) -> dict[int, KeptLike]:
    """By the id of the later report; those that are like nothing are absent."""
    found = work.session.execute(_likes(work.actor), {"ids": list(ids)})
    return {row.id: KeptLike(row.reference, row.title, row.state, row.like_share) for row in found}


@lru_cache(maxsize=256)
def _likes(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Made once for each who asks: it takes longer to make than to run."""
    return (
        sa.select(
            Report.id,
            Report.like_share,
            _AS_TOLD.reference,
            _AS_TOLD.title,
            _AS_TOLD.state,
        )
        .join(_AS_TOLD, _is_the_other(actor))
        .where(among_given(Report.id, "ids"))
    )


def has_kept_like(actor: Actor) -> sa.ColumnElement[bool]:
    """On reports: there is one, and the actor may see it."""
    other = sa.exists().where(_is_the_other(actor))
    return sa.and_(Report.like_id.is_not(None), other)


def _is_the_other(actor: Actor) -> sa.ColumnElement[bool]:
    """Not the report itself, into which the earlier one may have been merged."""
    home = home_of(ReportMerge, Report.like_id)
    return sa.and_(_AS_TOLD.id == home, _AS_TOLD.id != Report.id, sees_other(actor, _AS_TOLD))
