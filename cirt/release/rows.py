"""What was weighed, written down: of a decided release what was decided on, of another what was shown last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Work
from cirt.release.models import (
    Proposal,
    ProposalCollection,
    ProposalObject,
    ProposalPersonRow,
    ProposalRow,
)
from cirt.release.weighing import Weighed, asked_versions, collections_by_id, weighed_of
from cirt.sharing.previewing import NamedRow, PreviewRow
from cirt.sharing.verdicts import Decision, Verdict

_LEAVES = ("yes", "needs-approval")


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is not as it was shown. ``person_id`` where it goes by mail, else ``collection_id``."""

    what: str  # gains, loses, differs
    peer_id: int
    collection_id: int
    version_id: int
    person_id: int | None = None


def recorded(session: Session, proposal: Proposal) -> Weighed:
    """As it was weighed last."""
    named = sa.select(ProposalObject.version_id).where(ProposalObject.proposal_id == proposal.id)
    objects = asked_versions(session, session.scalars(named).all())
    into = sa.select(ProposalCollection.collection_id).where(
        ProposalCollection.proposal_id == proposal.id
    )
    rows = [
        PreviewRow(row.version_id, row.collection_id, row.peer_id, _decision(row), row.agreement)
        for row in _kept(session, ProposalRow, proposal)
    ]
    hands = [
        NamedRow(row.version_id, row.person_id, 0, row.fingerprint, _decision(row), row.agreement)
        for row in _kept(session, ProposalPersonRow, proposal)
    ]
    collections = collections_by_id(session, session.scalars(into).all())
    return weighed_of(objects, collections, rows, hands)


def keep_rows(work: Work, proposal: Proposal, weighed: Weighed) -> None:
    """Write down what was weighed, in place of what was before."""
    for table in (ProposalRow, ProposalPersonRow):
        work.session.execute(sa.delete(table).where(table.proposal_id == proposal.id))
    values = [
        {"collection_id": row.collection_id, "peer_id": row.peer_id, **_said(proposal, row)}
        for row in weighed.rows
    ]
    if values:
        work.session.execute(sa.insert(ProposalRow), values)
    named = [
        {"person_id": row.person_id, "fingerprint": row.fingerprint, **_said(proposal, row)}
        for row in weighed.hands
    ]
    if named:
        work.session.execute(sa.insert(ProposalPersonRow), named)


def changes(session: Session, proposal: Proposal, weighed: Weighed) -> list[Change]:
    """How what would leave now differs from what was written down last."""
    before: dict[tuple[int, int, int, int | None], object] = {
        (row.peer_id, row.collection_id, row.version_id, None): _reason(row)
        for row in _kept(session, ProposalRow, proposal)
        if row.verdict in _LEAVES
    } | {
        (0, 0, row.version_id, row.person_id): (*_reason(row), row.fingerprint)
        for row in _kept(session, ProposalPersonRow, proposal)
        if row.verdict in _LEAVES
    }
    now: dict[tuple[int, int, int, int | None], object] = {
        (row.peer_id, row.collection_id, row.version_id, None): _reason_now(row)
        for row in weighed.leaving
    } | {
        (0, 0, row.version_id, row.person_id): (*_reason_now(row), row.fingerprint)
        for row in weighed.handed
    }
    found = [Change("gains", *key) for key in now.keys() - before.keys()]
    found += [Change("loses", *key) for key in before.keys() - now.keys()]
    found += [
        Change("differs", *key) for key in now.keys() & before.keys() if now[key] != before[key]
    ]
    return sorted(
        found, key=lambda each: (each.what, each.peer_id, each.person_id or 0, each.version_id)
    )


def _kept(session: Session, table: Any, proposal: Proposal) -> Any:
    return session.scalars(sa.select(table).where(table.proposal_id == proposal.id))


def _decision(row: ProposalRow | ProposalPersonRow) -> Decision:
    return Decision(Verdict(row.verdict), row.rule, row.values)


def _reason(row: ProposalRow | ProposalPersonRow) -> tuple[str, str, str | None]:
    return row.verdict, row.rule, row.agreement


def _reason_now(row: PreviewRow | NamedRow) -> tuple[str, str, str | None]:
    return row.decision.verdict.value, row.decision.rule, row.agreement


def _said(proposal: Proposal, row: PreviewRow | NamedRow) -> Mapping[str, Any]:
    return {
        "proposal_id": proposal.id,
        "version_id": row.version_id,
        "verdict": row.decision.verdict.value,
        "rule": row.decision.rule,
        "values": dict(row.decision.values),
        "agreement": row.agreement,
    }
