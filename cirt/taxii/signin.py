"""Basic sign-in of peers (TAXII 2.1, section 1.6.9), with a limit on wrong passwords.

The right password is always taken, or else anybody could keep a peer out by guessing. What limits guessing:
a source over its limit is checked one request at a time, a wrong guess costs a whole password hash, and
everything beside it is sent away unchecked.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from werkzeug.datastructures import Authorization

from cirt.kernel.errors import NotSignedIn, TooMany
from cirt.kernel.program import Program
from cirt.kernel.sources import source_of
from cirt.kernel.work import PUBLIC
from cirt.parties.errors import SignInRefused
from cirt.parties.peers import Credential, CredentialCheck
from cirt.parties.tries import WINDOW, note_peer_failure

CHALLENGE = 'Basic realm="TAXII 2.1", charset="UTF-8"'
_WAIT_S = 60
_REMEMBERED = 10_000  # sources; who is forgotten is found over its limit again
_LONGEST = 1024  # characters of a name or password; beyond it nothing is hashed


class Given(NamedTuple):
    """Name and password as they came."""

    username: str
    password: str


def read_basic(given: Authorization | None) -> Given:
    """
    Raises:
        NotSignedIn: nothing usable was given.
        SignInRefused: no such account can exist.
    """
    if given is None or given.type != "basic":
        raise NotSignedIn
    username, password = given.username or "", given.password or ""
    if not username or max(len(username), len(password)) > _LONGEST or "\0" in username:
        raise SignInRefused  # PostgreSQL takes no NUL
    return Given(username, password)


class Doorkeeper:
    """One per process: it remembers verified passwords and the sources that guess."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._check = CredentialCheck(program.keys)
        self._guessing: OrderedDict[str, datetime] = OrderedDict()  # source -> until when, by time
        self._in_check: set[str] = set()
        self._lock = threading.Lock()

    def check(self, found: Credential | None, given: Given, address: str) -> int:
        """Which peer it is, by the account of the name given, if there is one.

        Raises:
            SignInRefused: name and password do not belong together.
            TooMany: likewise, once too often.
        """
        source = source_of(address)
        if self._is_right(found, given.password, source) and found is not None:
            return found.peer_id
        if self._is_guessing(source):
            raise TooMany(wait_s=_WAIT_S)
        with self._program.work(PUBLIC) as work:
            is_over = note_peer_failure(work, given.username, source)
        if not is_over:
            raise SignInRefused
        with self._lock:
            self._guessing[source] = work.now + WINDOW
            self._guessing.move_to_end(source)
            if len(self._guessing) > _REMEMBERED:
                self._guessing.popitem(last=False)
        raise TooMany(wait_s=_WAIT_S)

    def _is_right(self, found: Credential | None, password: str, source: str) -> bool:
        """A peer that was here before is let in at once, whoever guesses beside it."""
        if self._check.remembers(found, password):
            return True
        with self._one_at_a_time(source):
            return self._check.verify(found, password)

    @contextmanager
    def _one_at_a_time(self, source: str) -> Iterator[None]:
        if not self._is_guessing(source):
            yield
            return
        with self._lock:
            if source in self._in_check:
                raise TooMany(wait_s=1)
            self._in_check.add(source)
        try:
            yield
        finally:
            with self._lock:
                self._in_check.discard(source)

    def _is_guessing(self, source: str) -> bool:
        if not self._guessing:
            return False
        now = self._program.clock.now()
        with self._lock:
            while self._guessing and next(iter(self._guessing.values())) <= now:
                self._guessing.popitem(last=False)
            return source in self._guessing
