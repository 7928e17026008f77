"""What was held or refused: kept with its bytes and reason until it settles."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arriving.reasons import RED, Reason
from cirt.exchange.models import Ending, Outcome, Quarantined
from cirt.kernel.errors import NotFound
from cirt.kernel.inserting import insert_new
from cirt.kernel.text import mark
from cirt.kernel.work import ActorKind, Work

_CHUNK = 500
_BYTES = 8 << 20  # of arrivals in one transaction, at least one: SQLite writes the whole row anew
# A person has said that these are not taken: what comes once more is not shown again.
DECIDED = frozenset({Ending.DROPPED, Ending.FIRST, Ending.NEITHER})
# What says how an arrival settled.
SETTLED = ("settled_at", "settled_as", "settled_by_id", "settled_via", "note", "decision_id")


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
    """Keep each once per source, bytes and reason, however often it is offered; how many are new.

    What had settled by itself, or had been let in, and comes to the same end once more is open again.
    """
    unique = {(each.sha256, each.reason.code): each for each in arrivals}
    known = _known(work.session, source.peer_id, {sha256 for sha256, _ in unique})
    rows = [_row(source, each, work.now) for key, each in unique.items() if key not in known]
    for key in unique.keys() & known.keys():
        if known[key].settled_as is not None and known[key].settled_as not in DECIDED:
            _reopen(work, known[key].id, unique[key])
    if not rows:
        return 0
    connection = work.session.connection()
    connection.execute(insert_new(connection, Quarantined, "peer_id", "sha256", "code"), rows)
    return len(rows)


def _reopen(work: Work, row_id: int, each: Kept) -> None:
    row = work.session.get_one(Quarantined, row_id)
    reopen(work, row)
    row.body = _body(each)
    row.size = len(row.body or b"")
    row.message, row.values = each.reason.message, dict(each.reason.values)
    row.waits_for = _awaited(each.reason)


def reopen(work: Work, row: Quarantined) -> None:
    """It waits again, as before it was settled."""
    for name in SETTLED:
        setattr(row, name, None)
    row.reopened_at = work.now
    work.audit("quarantine.reopen", row.stix_id or row.sha256, code=row.code)


def _awaited(reason: Reason) -> str | None:
    """The marking-definition with which it is tried anew."""
    return reason.values.get("marking") if reason.outcome is Outcome.HELD else None


def _row(source: Source, each: Kept, now: datetime) -> dict[str, Any]:
    reason, body = each.reason, _body(each)
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
        "body": body,
        "size": len(body or b""),
        "at": now,
        "waits_for": _awaited(reason),
        "settled_at": None,
    }


def _body(each: Kept) -> bytes | None:
    return None if each.reason.code == RED else each.raw


def _clean(text: str | None) -> str | None:
    """PostgreSQL's text holds no U+0000."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text else text


def _known(
    session: Session, peer_id: int | None, digests: Iterable[str]
) -> Mapping[tuple[str, str], sa.Row[Any]]:
    found: dict[tuple[str, str], sa.Row[Any]] = {}
    wanted = sorted(digests)
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(
            Quarantined.id, Quarantined.sha256, Quarantined.code, Quarantined.settled_as
        ).where(
            came_from(peer_id),
            Quarantined.sha256.in_(wanted[start : start + _CHUNK]),
        )
        found.update({(row.sha256, row.code): row for row in session.execute(query)})
    return found


def that_fit(rows: Sequence[Any]) -> Iterator[Any]:
    """The first of these that one transaction may settle; a row has ``size``."""
    size = 0
    for row in rows:
        if size and size + row.size > _BYTES:
            return
        size += row.size
        yield row


def came_from(peer_id: int | None) -> sa.ColumnElement[bool]:
    """None: console import. Written so that PostgreSQL finds it in an index."""
    return Quarantined.peer_id.is_(None) if peer_id is None else Quarantined.peer_id == peer_id


def decided(session: Session, peer_id: int | None, code: str, digests: Iterable[str]) -> set[str]:
    """Which of these a person has decided already for this reason."""
    known = _known(session, peer_id, digests)
    return {
        sha256
        for (sha256, kept_for), row in known.items()
        if kept_for == code and row.settled_as in DECIDED
    }


def settle(work: Work, row: Quarantined, outcome: Outcome, reason: Reason | None) -> None:
    """After a new try: still waiting for another definition, or done with, by whatever outcome."""
    if reason is not None and reason.code == row.code:
        row.waits_for, row.values = _awaited(reason), dict(reason.values)
    else:
        close(work, row, _ENDINGS.get(outcome, Ending.MOVED))
    if reason is not None and reason.code == RED:  # its marking was not known to be so until now
        row.body, row.size, row.message, row.values = None, 0, reason.message, {}


_ENDINGS = {Outcome.TAKEN: Ending.TAKEN, Outcome.KNOWN: Ending.KNOWN}


def close(work: Work, row: Quarantined, ending: Ending, note: str = "") -> None:
    """It leaves the list; the row says how, by whom and why."""
    is_person = work.actor.kind is ActorKind.PERSON
    row.settled_at, row.settled_as, row.settled_via = work.now, ending, work.actor.kind
    row.settled_by_id = work.actor.id if is_person else None
    row.note = note or row.note


def open_arrival(work: Work, arrival_id: int) -> Quarantined:
    """Held, so that nobody else decides on it meanwhile.

    Raises:
        NoSuchArrival: there is none, or it is settled.
    """
    query = (
        sa.select(Quarantined)
        .where(Quarantined.id == arrival_id, Quarantined.settled_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NoSuchArrival(id=arrival_id)
    return row
