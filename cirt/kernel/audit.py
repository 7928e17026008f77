"""The audit trail: append-only lines, chained by hash, written in the transaction of the act.

A line's hash covers its fields and the hash before it; ``audit_head`` holds the last one, so that a cut tail
shows as well. Lines are written last before the commit: the lock on the head is then short.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.errors import Unavailable
from cirt.kernel.text import mark

GENESIS = "0" * 64
_PAGE = 1000


class LineUnreadable(Unavailable):
    code = "line-unreadable"
    message = mark("Line {line} of the audit trail cannot be read: the database is damaged there.")


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(sa.String(32))  # text, so that the hash covers what is stored
    actor_kind: Mapped[str] = mapped_column(sa.String(16))
    actor_id: Mapped[str] = mapped_column(sa.String(64))
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    act: Mapped[str] = mapped_column(sa.String(64), index=True)
    subject: Mapped[str] = mapped_column(sa.String(200), index=True)
    facts: Mapped[str] = mapped_column(sa.Text)  # canonical JSON
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditHead(Base):
    """One row: where the chain ends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(sa.String(64))


@dataclass(frozen=True, slots=True)
class AuditLine:
    """What happened, before it has a place in the chain."""

    act: str
    subject: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first place where the trail does not hold."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainState:
    checked: int
    head: str
    broken: ChainBreak | None


FIELDS = (
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "act",
    "subject",
    "facts",
    "previous",
)


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def line_hash(line: Mapping[str, Any]) -> str:
    """SHA-256, hex, over the canonical JSON of a line's fields."""
    return hashlib.sha256(canonical([line[name] for name in FIELDS]).encode()).hexdigest()


def append(
    session: Session, at: datetime, actor: tuple[str, str, str], lines: Iterable[AuditLine]
) -> None:
    """Put lines at the end of the chain; the caller commits right after."""
    head = session.scalars(
        sa.select(AuditHead).where(AuditHead.id == 1).with_for_update()
    ).one_or_none()
    if head is None:
        head = AuditHead(id=1, seq=0, hash=GENESIS)
        session.add(head)
        session.flush()
    rows = []
    for line in lines:
        row = {
            "seq": head.seq + 1,
            "at": at.isoformat(timespec="microseconds"),
            "actor_kind": actor[0],
            "actor_id": actor[1],
            "actor_name": actor[2][:200],
            "act": line.act,
            "subject": line.subject[:200],
            "facts": canonical(line.facts),
            "previous": head.hash,
        }
        row["hash"] = line_hash(row)
        head.seq, head.hash = head.seq + 1, str(row["hash"])
        rows.append(row)
    session.execute(sa.insert(AuditEntry), rows)


def entries(session: Session) -> Iterator[dict[str, Any]]:
    """Every line from the first on, as plain mappings.

    Raises:
        LineUnreadable: the database is damaged there; the lines before it were given.
    """
    last, size = 0, _PAGE
    while True:
        query = sa.select(AuditEntry).where(AuditEntry.seq > last).order_by(AuditEntry.seq)
        try:
            page = session.scalars(query.limit(size)).all()
        except sa.exc.DatabaseError as error:
            session.rollback()
            if size == 1:
                raise LineUnreadable(line=last + 1) from error
            size = 1  # from here on line by line, to find the one
            continue
        for entry in page:
            yield {name: getattr(entry, name) for name in (*FIELDS, "hash")}
        if len(page) < size:
            return
        last = page[-1].seq
        session.expunge_all()


def check_chain(lines: Iterable[Mapping[str, Any]], head: tuple[int, str] | None) -> ChainState:
    """Walk the chain; stop at the first line that does not hold.

    ``head`` is (seq, hash) of the last line as recorded apart from the lines; None where it is not known.
    """
    seq, previous = 0, GENESIS
    for line in lines:
        reason = _fault(line, seq, previous)
        if reason:
            return ChainState(seq, previous, ChainBreak(seq + 1, reason))
        seq, previous = line["seq"], line["hash"]
    if head is not None and head != (seq, previous):
        reason = (
            f"line {seq} is not the one that the head records"
            if head[0] == seq
            else f"the trail ends at line {seq}, but its recorded head is line {head[0]}"
        )
        return ChainState(seq, previous, ChainBreak(min(seq, head[0]) + 1, reason))
    return ChainState(seq, previous, None)


def _fault(line: Mapping[str, Any], seq: int, previous: str) -> str | None:
    if line["seq"] != seq + 1:
        return f"line {seq + 1} is missing; line {line['seq']} follows line {seq}"
    if line["previous"] != previous:
        return f"line {line['seq']} does not continue line {seq}"
    if line_hash(line) != line["hash"]:
        return f"line {line['seq']} was changed after it was written"
    return None


def verify(session: Session) -> ChainState:
    """Walk the trail of this database up to its recorded head. Setting up has written lines, so there are some."""
    try:
        head = session.get(AuditHead, 1)
        if head is None:
            return ChainState(0, GENESIS, ChainBreak(1, "the trail and its head are gone"))
        return check_chain(entries(session), (head.seq, head.hash))
    except LineUnreadable as fault:
        line = fault.values["line"]
        reason = f"line {line} cannot be read, the database is damaged there"
        return ChainState(line - 1, "", ChainBreak(line, reason))
    except sa.exc.DatabaseError:
        session.rollback()
        return ChainState(0, "", ChainBreak(1, "the head of the trail cannot be read"))
