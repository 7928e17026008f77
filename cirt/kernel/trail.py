"""Reads the audit trail page by page, the newest line first."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.audit import AuditEntry

PAGE = 25


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """``act`` is an act or the word before its first dot; ``subject`` is whole."""

    act: str = ""
    subject: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """``newer`` and ``older`` are line numbers to go on from, None where there is nothing more."""

    lines: Sequence[AuditEntry]
    total: int
    newer: int | None
    older: int | None


def trail_page(
    session: Session,
    wanted: TrailFilter,
    *,
    below: int | None = None,
    above: int | None = None,
    limit: int = PAGE,
) -> TrailPage:
    """Lines with a number below ``below``, or the nearest ones above ``above``."""
    conditions = _conditions(wanted)
    query = sa.select(AuditEntry).where(*conditions).limit(limit + 1)
    if above is not None:
        query = query.where(AuditEntry.seq > above).order_by(AuditEntry.seq)
    else:
        query = query.order_by(AuditEntry.seq.desc())
        query = query if below is None else query.where(AuditEntry.seq < below)
    found = list(session.scalars(query))
    has_more, lines = len(found) > limit, found[:limit]
    if above is not None:
        lines.reverse()
    total = session.scalar(sa.select(sa.func.count(AuditEntry.seq)).where(*conditions)) or 0
    has_newer = has_more if above is not None else below is not None
    has_older = True if above is not None else has_more
    return TrailPage(
        lines,
        total,
        lines[0].seq if lines and has_newer else None,
        lines[-1].seq if lines and has_older else None,
    )


def _conditions(wanted: TrailFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.act:
        family = AuditEntry.act.startswith(f"{wanted.act}.", autoescape=True)
        conditions.append(sa.or_(AuditEntry.act == wanted.act, family))
    if wanted.subject:
        conditions.append(AuditEntry.subject == wanted.subject)
    if wanted.actor:
        conditions.append(AuditEntry.actor_name == wanted.actor)
    return conditions
