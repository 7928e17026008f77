"""One request of a peer, from its sign-in to its answer, and what the server keeps between requests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask import g, request

from cirt.kernel.db import glance
from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Actor, ActorKind, Work
from cirt.parties.peers import Credential
from cirt.release.ledger import Reading, record_pages
from cirt.release.pages import Pages
from cirt.taxii.door import Access, Look, look, look_at_all
from cirt.taxii.limits import ProvenAccounts
from cirt.taxii.signin import Doorkeeper

LEAVING = "cirt.leaving"  # in the environment, where the server takes care of what this says


@dataclass(slots=True)
class Leaving:
    """What is to be done about an answer: before it leaves, and after, if nobody waits then."""

    size: int = 0  # of the answer, in bytes, once it is made
    reading: Reading | None = None  # to be written down, or the answer must not leave
    afterwards: Callable[[], None] | None = None


class Desk:
    """What one process of the server keeps between requests."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.doorkeeper = Doorkeeper(program)
        self.proven = ProvenAccounts()
        self.pages = Pages()


@dataclass(slots=True)
class Visit:
    """One request of a peer, of which ``key`` names the collection, if any.

    What it reads is of one moment, from the look with which it knocks until it leaves. A poll by date knocks
    outside of any transaction, for most find there that nothing is new.
    """

    desk: Desk
    username: str
    key: str
    peer_id: int = 0
    _seen: list[Access] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)
    _work: Work | None = None

    @property
    def program(self) -> Program:
        return self.desk.program

    def knock(self, *, polls: bool) -> Credential | None:
        """The account of that name, if there is one; who knocks has not signed in yet."""
        if not polls:
            return self._look(self.work.connection)
        with glance(self.program.engine) as connection:
            return self._look(connection)

    def _look(self, connection: sa.Connection) -> Credential | None:
        found = look(connection, *self._asks(self.program.clock.now()))
        self._seen = found.seen
        return found.credential

    def sign_in(self, peer_id: int) -> None:
        self.peer_id = peer_id
        if self._work is not None:
            self._work.actor = self._actor

    def collection(self) -> Access:
        """The one named, as it stood when the peer knocked.

        Raises:
            NotFound: absent, or hidden from this peer; both by the same way.
        """
        return _only(self._seen)

    def collection_now(self) -> Access:
        """The same, as it stands in the unit of work that reads on.

        Raises:
            NotFound: as ``collection``.
        """
        if self._work is None:
            self._seen = self._own(look(self.work.connection, *self._asks(self.work.now)))
        return self.collection()

    @property
    def work(self) -> Work:
        """The reading unit of work; opened anew after ``leave``."""
        if self._work is None:
            reading = self.program.work(self._actor, write=False)
            self._work = self._open.enter_context(reading)
        return self._work

    def leave(self) -> None:
        """What was read stays readable."""
        self._open.close()
        self._work = None

    def record(self, reading: Reading) -> bool:
        """Have a page written down before it leaves; false: it must be read again."""
        leaving: Leaving | None = request.environ.get(LEAVING)
        if leaving is not None:
            leaving.reading = reading
            return True
        self.leave()
        with self.program.work(SYSTEM) as work:
            return record_pages(work, [reading]) == [True]

    def afterwards(self, act: Callable[[], None]) -> None:
        """To be done when the answer has left, where the server has time for it."""
        leaving: Leaving | None = request.environ.get(LEAVING)
        if leaving is not None:
            leaving.afterwards = act

    @contextmanager
    def again(self) -> Iterator["Visit"]:
        """Another, of the same peer, that needs no sign-in and no request."""
        here = Visit(self.desk, self.username, self.key, self.peer_id)
        try:
            yield here
        finally:
            here.leave()

    def writing(self) -> AbstractContextManager[Work]:
        """A unit of work of this peer that changes something."""
        self.leave()
        return self.program.work(self._actor)

    def collection_in(self, work: Work) -> Access:
        """The one named, as it stands in this unit of work.

        Raises:
            NotFound: as ``collection``.
        """
        return _only(self._own(look(work.connection, *self._asks(work.now))))

    def collections(self) -> list[Access]:
        """Those that exist for this peer now, the oldest first."""
        return self._own(look_at_all(self.work.connection, self.work.now, self.username))

    def _asks(self, now: datetime) -> tuple[datetime, str, str]:
        return now, self.username, self.key

    def _own(self, found: Look) -> list[Access]:
        """What this peer sees; since it signed in, its name may have passed to another."""
        if found.credential is None or found.credential.peer_id != self.peer_id:
            raise NotFound
        return found.seen

    @property
    def _actor(self) -> Actor:
        return Actor(ActorKind.PEER, self.peer_id, self.username)


def visit() -> Visit:
    """The present request's; the blueprint has signed the peer in."""
    found: Visit = g.taxii_visit
    return found


def _only(seen: list[Access]) -> Access:
    if not seen:
        raise NotFound
    return seen[0]
