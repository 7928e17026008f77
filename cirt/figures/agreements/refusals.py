"""What was kept from them and what was not taken from them, by reason."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Outcome, Quarantined
from cirt.figures.agreements.scope import Scope
from cirt.release.models import Proposal, ProposalRow
from cirt.sharing.verdicts import Verdict

_LEAVES = (Verdict.YES.value, Verdict.NEEDS_APPROVAL.value)


@dataclass(frozen=True, slots=True)
class Refusal:
    """``where`` is gate or arrival; ``reason`` the stable id of the rule, or the code."""

    where: str
    reason: str
    outcome: str
    count: int


def refusals(session: Session, scope: Scope) -> list[Refusal]:
    return [*_of_the_gate(session, scope), *_of_arrivals(session, scope)]


def _of_the_gate(session: Session, scope: Scope) -> list[Refusal]:
    """Objects of releases that were asked for and that the gate kept from them, by the rule that said so."""
    asked = sa.select(Proposal.id).where(*scope.in_period(Proposal.asked_at))
    query = (
        sa.select(ProposalRow.rule, ProposalRow.verdict, sa.func.count())
        .where(
            ProposalRow.proposal_id.in_(asked),  # a join would read the rows of all releases
            *scope.asked_under(),
            ProposalRow.verdict.not_in(_LEAVES),
        )
        .group_by(ProposalRow.rule, ProposalRow.verdict)
        .order_by(sa.func.count().desc(), ProposalRow.rule)
    )
    return [Refusal("gate", row[0], row[1], row[2]) for row in session.execute(query)]


def _of_arrivals(session: Session, scope: Scope) -> list[Refusal]:
    query = (
        sa.select(Quarantined.code, Quarantined.outcome, sa.func.count())
        .where(
            Quarantined.peer_id == scope.agreement.peer_id,
            *scope.in_period(Quarantined.at),
            *scope.while_it_held(Quarantined.at),
        )
        .group_by(Quarantined.code, Quarantined.outcome)
        .order_by(sa.func.count().desc(), Quarantined.code)
    )
    rows = session.execute(query)
    return [Refusal("arrival", code, Outcome(outcome).value, n) for code, outcome, n in rows]
