"""What a running program holds: settings, engine, clock, keys, the way out. Built once, handed to every edge."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from cirt.kernel.clock import Clock, SystemClock
from cirt.kernel.db import make_engine
from cirt.kernel.keys import Keys, read_keys
from cirt.kernel.reaching import Dial, dial
from cirt.kernel.settings import Settings
from cirt.kernel.work import Actor, Work, start_work


@dataclass(frozen=True, slots=True)
class Program:
    settings: Settings
    engine: sa.Engine
    keys: Keys
    clock: Clock = field(default_factory=SystemClock)
    dial: Dial = dial  # to peers, at addresses that net has checked

    def work(self, actor: Actor, *, write: bool = True) -> AbstractContextManager[Work]:
        """A unit of work on this program's database."""
        return start_work(self.engine, self.clock, actor, write=write)


def key_file(settings: Settings) -> Path:
    return settings.data_dir / "keys" / "secret"


def load_program(settings: Settings) -> Program:
    """
    Raises:
        KeyMissing: the data directory has not been initialised.
    """
    return Program(settings, make_engine(settings.database_url), read_keys(key_file(settings)))
