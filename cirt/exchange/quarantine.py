"""What was held or refused: kept with its bytes and reason until it settles."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.judging import RED, Reason
from cirt.exchange.models import Outcome, Quarantined
from cirt.kernel.among import among
from cirt.kernel.db import insert_new
from cirt.kernel.errors import NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work

_CHUNK = 500


class NoSuchArrival(NotFound):
    code = "no-such-arrival"
    message = mark("Number {id} is not in quarantine, or is settled already.")


@dataclass(frozen=True, slots=True)
class Source:
    """By whom and by what way arrivals came."""

    peer_id: int | None
    collection_id: int | None
    run_id: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An arrival to keep."""

    raw: bytes
    stix_id: str | None
    version_text: str | None
    reason: Reason

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def keep(work: Work, source: Source, arrivals: Sequence[Kept]) -> int:
    """Keep each once per source, bytes and reason, however often it is offered; how many are new."""
    unique = {(each.sha256, each.reason.code): each for each in arrivals}
    known = _known(work.session, source.peer_id, {sha256 for sha256, _ in unique})
    rows = [_row(source, each, work.now) for key, each in unique.items() if key not in known]
    if not rows:
        return 0
    connection = work.session.connection()
    connection.execute(insert_new(connection, Quarantined, "peer_id", "sha256", "code"), rows)
    return len(rows)


def _row(source: Source, each: Kept, now: datetime) -> dict[str, Any]:
    reason = each.reason
    return {
        "peer_id": source.peer_id,
        "collection_id": source.collection_id,
        "run_id": source.run_id,
        "outcome": reason.outcome,
        "stix_id": _clean(each.stix_id),
        "version_text": _clean(each.version_text),
        "code": reason.code,
        "message": reason.message,
        "values": dict(reason.values),
        "sha256": each.sha256,
        "body": None if reason.code == RED else each.raw,
        "at": now,
        "waits_for": reason.values.get("marking") if reason.outcome is Outcome.HELD else None,
        "settled_at": None,
    }


def _clean(text: str | None) -> str | None:
    """PostgreSQL's text holds no U+0000."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text else text


def _known(session: Session, peer_id: int | None, digests: set[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    wanted = sorted(digests)
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(Quarantined.sha256, Quarantined.code).where(
            Quarantined.peer_id.is_not_distinct_from(peer_id),
            Quarantined.sha256.in_(wanted[start : start + _CHUNK]),
        )
        found.update((sha256, code) for sha256, code in session.execute(query))
    return found


def waiting_for(session: Session, marking_ids: Sequence[str]) -> list[Quarantined]:
    """What is held until one of these comes, and what until that is taken, in the order in which it came."""
    open_row = sa.select(Quarantined.id, Quarantined.stix_id).where(
        Quarantined.settled_at.is_(None)
    )
    chain = open_row.where(among(Quarantined.waits_for, marking_ids)).cte(recursive=True)
    behind = open_row.join(chain, chain.c.stix_id == Quarantined.waits_for)
    rows = chain.union(behind)
    query = sa.select(Quarantined).where(Quarantined.id.in_(sa.select(rows.c.id)))
    return list(session.scalars(query.order_by(Quarantined.id)))


def settle(work: Work, row: Quarantined, reason: Reason | None) -> None:
    """After a new try: still waiting for another definition, or done with, by whatever outcome."""
    if reason is not None and reason.code == row.code:
        row.waits_for, row.values = reason.values.get("marking"), dict(reason.values)
    else:
        row.settled_at = work.now
    if reason is not None and reason.code == RED:
        row.body = None  # its marking was not known to be RED until now


def drop(work: Work, quarantined_id: int) -> None:
    """A person has looked: it is not taken. Its bytes stay for the record.

    Raises:
        NoSuchArrival, NotAllowed.
    """
    work.require("sync:run")
    row = work.session.get(Quarantined, quarantined_id)
    if row is None or row.settled_at is not None:
        raise NoSuchArrival(id=quarantined_id)
    row.settled_at = work.now
    work.audit("quarantine.drop", row.stix_id or row.sha256, code=row.code)
