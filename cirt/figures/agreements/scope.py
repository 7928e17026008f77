"""One agreement in one period: the conditions that all its figures share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.figures.periods import Period
from cirt.kernel.clock import to_us
from cirt.release.holdings.models import FetchedRow
from cirt.release.models import Feed, ProposalRow
from cirt.sharing.models import Agreement, AgreementVersion

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """``begin`` and ``end`` (None: open) are the instants between which the agreement could hold."""

    agreement: Agreement
    period: Period
    begin: datetime
    end: datetime | None

    def in_period(self, column: Any) -> tuple[Condition, ...]:
        return column >= self.period.first, column < self.period.until

    def while_it_held(self, column: Any) -> tuple[Condition, ...]:
        before_end = () if self.end is None else (column < self.end,)
        return column >= self.begin, *before_end

    def asked_under(self) -> tuple[Condition, ...]:
        """On ProposalRow: what would have gone to them by this agreement."""
        agreement = self.agreement
        named = ProposalRow.agreement.startswith(f"{agreement.reference} ", autoescape=True)
        return ProposalRow.peer_id == agreement.peer_id, named

    def fetched(self, *columns: Any) -> sa.Select[*tuple[Any, ...]]:
        """Rows that they fetched under this agreement, found by the feeds of the peer and the time."""
        return (
            sa.select(*columns)
            .select_from(Feed)
            .join(FetchedRow, FetchedRow.feed_id == Feed.id)
            .where(
                Feed.peer_id == self.agreement.peer_id,
                FetchedRow.agreement_id == self.agreement.id,
                FetchedRow.at_us >= to_us(self.period.first),
                FetchedRow.at_us < to_us(self.period.until),
            )
        )


def scope_of(session: Session, agreement: Agreement, period: Period) -> Scope:
    """It ends with its last day, or when it was ended before."""
    query = sa.select(AgreementVersion).where(AgreementVersion.agreement_id == agreement.id)
    ended = [each.made_at for each in session.scalars(query) if each.terms.get("state") == "ended"]
    ends = [each for each in (agreement.valid_until, *ended) if each is not None]
    return Scope(agreement, period, agreement.valid_from, min(ends, default=None))
