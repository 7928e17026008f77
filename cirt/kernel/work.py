"""A unit of work: one transaction, one actor, one ``now``, one commit.

Edges open it; services use it. It commits once when the block ends well, with the audit lines written last,
and rolls everything back otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel import audit
from cirt.kernel.clock import Clock
from cirt.kernel.db import WRITE, turn_to_write
from cirt.kernel.errors import NotAllowed


class ActorKind(StrEnum):
    PERSON = "person"
    PEER = "peer"
    PUBLIC = "public"
    CONSOLE = "console"  # whoever may run the program on the host
    SYSTEM = "system"  # jobs


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``id`` is the account's or the peer's; four eyes count ``person_id``, not accounts."""

    kind: ActorKind
    id: int | None = None
    name: str = ""
    person_id: int | None = None
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        if self.kind in (ActorKind.CONSOLE, ActorKind.SYSTEM):
            return True
        return permission in self.permissions


PUBLIC = Actor(ActorKind.PUBLIC, name="public")
CONSOLE = Actor(ActorKind.CONSOLE, name="console")
SYSTEM = Actor(ActorKind.SYSTEM, name="system")


@dataclass(slots=True)
class Work:
    actor: Actor
    now: datetime
    _connection: sa.Connection
    lines: list[audit.AuditLine] = field(default_factory=list)
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """Made when it is first asked for: it costs as much as two look-ups."""
        if self._session is None:
            self._session = Session(self._connection, expire_on_commit=False)
        return self._session

    @property
    def connection(self) -> sa.Connection:
        """Of the same transaction, for what is asked without objects.

        What the session has not written yet is not seen: flush it first.
        """
        if not self._connection.in_transaction():
            self._connection.begin()
        return self._connection

    def commit(self) -> None:
        """For ``start_work`` alone: what was changed, and the lines of the trail behind it."""
        if self.lines or self._session is not None:
            self.session.flush()
        if self.lines:
            who = (self.actor.kind.value, str(self.actor.id or ""), self.actor.name)
            audit.append(self.session, self.now, who, self.lines)
        if self._session is not None:
            self._session.commit()
        self._connection.commit()

    def close(self) -> None:
        """For ``start_work`` alone: what was read stays readable after the block, as with a commit."""
        if self._session is not None:
            self._session.close()

    def require(self, permission: str) -> None:
        """
        Raises:
            NotAllowed: the actor lacks this permission.
        """
        if not self.actor.may(permission):
            raise NotAllowed(needed=permission)

    def audit(self, act: str, subject: str, **facts: Any) -> None:
        """Note an act for the trail; ``subject`` is a reference or STIX id, never content."""
        self.lines.append(audit.AuditLine(act, subject, facts))


@contextmanager
def start_work(
    engine: sa.Engine, clock: Clock, actor: Actor, *, write: bool = True
) -> Iterator[Work]:
    """One transaction. With ``write=False`` nothing may be changed, and all that is read is of one moment."""
    options: dict[str, Any] = {WRITE: write}
    if not write and engine.name == "postgresql":  # SQLite's transactions are so anyway
        options["isolation_level"] = "REPEATABLE READ"
    turn = turn_to_write(engine) if write else nullcontext()
    with turn, engine.connect().execution_options(**options) as connection:
        work = Work(actor, clock.now(), connection)
        try:
            yield work
            if write:
                work.commit()
        finally:
            work.close()
