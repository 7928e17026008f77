"""Links to peers' collections, their runs, what did not pass, receipts, and what waits to be sent."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.work import ActorKind
from cirt.release.recalling.models import LetterState


class LinkDirection(StrEnum):
    PULL = "pull"
    PUSH = "push"


class LinkState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Link(Base):
    """One of a peer's collections that we read or write, and how that goes."""

    __tablename__ = "link"
    __table_args__ = (sa.UniqueConstraint("peer_id", "direction", "remote"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    direction: Mapped[LinkDirection]
    remote: Mapped[str] = mapped_column(sa.String(200))  # id or alias of the peer's collection
    collection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("collection.id"))  # push --from
    every_s: Mapped[int] = mapped_column(default=300)
    cron: Mapped[str | None] = mapped_column(sa.String(100))  # instead of every_s, UTC
    set_at: Mapped[datetime | None]  # when the schedule was changed last
    types: Mapped[list[str] | None]  # None: every type
    since: Mapped[datetime | None]
    day_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)  # a day's share; None: no limit
    waits_for_choice: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    estimate: Mapped[dict[str, Any] | None]  # of what a first run would bring
    rehearsal: Mapped[dict[str, Any] | None]  # what a dry run asked for at the desk found
    state: Mapped[LinkState] = mapped_column(default=LinkState.ACTIVE)
    cursor: Mapped[str | None] = mapped_column(sa.String(64))  # newest date_added seen, as sent
    last_run_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_data_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(64))  # code of the last failure
    error_values: Mapped[dict[str, Any]]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")  # in a row
    retry_at: Mapped[datetime | None]  # not before; instead of the schedule
    created_at: Mapped[datetime]
    by_file: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # no line


class LinkTraffic(Base):
    """What went over a link on one day, UTC, as it was on the wire: bodies and headers, compressed."""

    __tablename__ = "link_traffic"

    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(sa.BigInteger)


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Run(Base):
    """One sync of one link: everything offered is accounted for."""

    __tablename__ = "run"
    __table_args__ = (sa.Index("ix_run_link_started", "link_id", "started_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id"))
    state: Mapped[RunState] = mapped_column(default=RunState.RUNNING)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")  # by the link's filter
    error: Mapped[str | None] = mapped_column(sa.String(64))
    error_values: Mapped[dict[str, Any]]
    reasons: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON)  # why some were not taken


class Outcome(StrEnum):
    """What becomes of an arrival (rulings 22)."""

    TAKEN = "taken"
    KNOWN = "known"
    HELD = "held"
    REFUSED = "refused"


class Ending(StrEnum):
    """How an arrival left quarantine."""

    TAKEN = "taken"
    KNOWN = "known"  # it was here by then
    MOVED = "moved"  # tried anew and kept for another reason
    DROPPED = "dropped"
    FIRST = "first"  # of two contents the first one is right
    NEITHER = "neither"


_FILTERED = ("peer_id", "code", "outcome")


def _some(name: str, which: str, *columns: str) -> sa.Index:
    """An index of some arrivals."""
    only = sa.text(which)
    return sa.Index(f"ix_quarantined_{name}", *columns, sqlite_where=only, postgresql_where=only)


class Quarantined(Base):
    """An arrival that was held or refused, with its bytes and the reason."""

    __tablename__ = "quarantined"
    __table_args__ = (
        sa.UniqueConstraint("peer_id", "sha256", "code"),
        # Lists, their filters and what waits of each peer are read from these alone, however much lies here.
        _some("open", "settled_at IS NULL", "at", "id", *_FILTERED),
        _some("settled", "settled_at IS NOT NULL", "settled_at", "id", *_FILTERED, "at"),
        _some("waiting", "settled_at IS NULL", "peer_id", "code", "id", "size", "at", "outcome"),
        _some("decision", "decision_id IS NOT NULL", "decision_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    peer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("peer.id"))  # NULL: console import
    run_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("run.id"))
    collection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("collection.id"))
    outcome: Mapped[Outcome]
    stix_id: Mapped[str | None] = mapped_column(sa.String(300))
    version_text: Mapped[str | None] = mapped_column(sa.String(40))
    code: Mapped[str] = mapped_column(sa.String(64))
    message: Mapped[str] = mapped_column(sa.Text)  # marked sentence with {values}
    values: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[bytes | None]  # None for RED, of which no content is kept (rulings 5)
    size: Mapped[int] = mapped_column(default=0)  # bytes of the body
    at: Mapped[datetime] = mapped_column(index=True)
    waits_for: Mapped[str | None] = mapped_column(sa.String(300), index=True)  # marking-definition
    settled_at: Mapped[datetime | None]
    settled_as: Mapped[Ending | None]  # NULL too where it was settled before this was noted
    settled_by_id: Mapped[int | None]  # account.id; NULL: the program, or the console
    settled_via: Mapped[ActorKind | None]
    note: Mapped[str | None] = mapped_column(sa.Text)  # why a person settled it so
    decision_id: Mapped[int | None] = mapped_column(BigId)  # alike_decision.id, which says why
    reopened_at: Mapped[datetime | None]


class Receipt(Base):
    """A TAXII status resource: what became of one POST (TAXII 2.1, section 4.3)."""

    __tablename__ = "receipt"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"))
    at: Mapped[datetime]
    successes: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON)  # status details
    failures: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON)


class Outgoing(Base):
    """A version that waits on a push link, put there in the transaction that let it leave."""

    __tablename__ = "outgoing"
    __table_args__ = (
        sa.UniqueConstraint("link_id", "version_id"),
        sa.Index("ix_outgoing_waiting", "link_id", "sent_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id"))
    version_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("object_version.id"))
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    status_id: Mapped[str | None] = mapped_column(sa.String(64))
    failure: Mapped[str | None] = mapped_column(sa.Text)  # the peer's own words, untrusted
    refused_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]  # a person has read the refusal and lets it be
    given_up_by_id: Mapped[int | None]  # account.id


class ArrivalLetter(Base):
    """A question to the peer that sent an arrival; its words are a person's, and go as they are."""

    __tablename__ = "arrival_letter"
    __table_args__ = (
        sa.Index("ix_arrival_letter_arrival", "arrival_id"),
        sa.Index("ix_arrival_letter_due", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    arrival_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("quarantined.id"))
    state: Mapped[LetterState] = mapped_column(default=LetterState.QUEUED)
    address: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[str | None] = mapped_column(sa.String(300))
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
