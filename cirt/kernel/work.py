"""A unit of work: one session, one actor, one ``now``, one commit.

Edges open it; services use it. It commits once when the block ends well, with the audit lines written last,
and rolls everything back otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel import audit
from cirt.kernel.clock import Clock
from cirt.kernel.db import WRITE
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
    session: Session
    actor: Actor
    now: datetime
    bare: sa.Connection  # to which the session is bound
    lines: list[audit.AuditLine] = field(default_factory=list)

    @property
    def connection(self) -> sa.Connection:
        """Of the same transaction, for what is asked without objects: a session costs as much as two look-ups.

        What the session has not written yet is not seen: flush it first.
        """
        if not self.bare.in_transaction():
            self.bare.begin()
        return self.bare

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
    with engine.connect().execution_options(**options) as connection:
        session = Session(connection, expire_on_commit=False)
        work = Work(session, actor, clock.now(), connection)
        yield work
        if not write:
            session.expunge_all()  # what was read stays readable after the block, as with a commit
            return
        session.flush()
        if work.lines:
            who = (actor.kind.value, str(actor.id or ""), actor.name)
            audit.append(session, work.now, who, work.lines)
        session.commit()
        connection.commit()
