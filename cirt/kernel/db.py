"""Declarative base, column types and the engine, alike on SQLite and PostgreSQL."""

import enum
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from psycopg.pq import Format
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase

from cirt.kernel.arrays import FlatListDumper
from cirt.kernel.turns import Turn

WRITE = "cirt_write"  # execution option: this transaction writes, so SQLite takes its lock at once
BINARY = (
    "cirt_binary"  # execution option: PostgreSQL sends bytes as they are, not as hexadecimal text
)

_TURN = "cirt_turn"  # execution option of an engine: the line in which its writers stand

_RESTING = "cirt_resting"  # of a pooled connection: since when, by the steady clock
_REST_S = 1.0
_RECYCLE_S = 3600

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is a rowid on SQLite


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC datetimes; SQLite keeps them without the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(kind: type[enum.Enum]) -> list[str]:
    return [member.value for member in kind]


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        enum.Enum: sa.Enum(enum.Enum, native_enum=False, length=32, values_callable=_values),
        dict[str, Any]: sa.JSON,
        list[str]: sa.JSON,
    }


def make_engine(url: str) -> sa.Engine:
    """An engine for ``sqlite:///…`` or ``postgresql+psycopg://…``."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return _postgres_engine(url)


def turn_to_write(engine: sa.Engine) -> AbstractContextManager[None]:
    """To be entered before a transaction that writes, where the database has but one at a time."""
    turn: Turn | None = engine.get_execution_options().get(_TURN)
    return nullcontext() if turn is None else turn.held()


def _postgres_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_use_lifo=True,  # what a connection has prepared serves the next who takes it
        hide_parameters=True,
    )
    _look_after(engine)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.adapters.register_dumper(list, FlatListDumper)
        for setting in (
            "jit = off",  # our statements are short; compiling one costs more than it saves
            "max_parallel_workers_per_gather = 0",  # misled, it would have many sort a whole feed
            "random_page_cost = 1.1",  # of 4, for disks that turn, it reads much and sorts for a few rows
        ):
            connection.execute(f"SET {setting}")
        connection.commit()

    @sa.event.listens_for(engine, "before_cursor_execute")
    def choose_format(
        _connection: Any, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        if context is not None and context.execution_options.get(BINARY):
            cursor.format = Format.BINARY

    return engine


@contextmanager
def glance(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for one statement, without a transaction around it: beginning and ending one takes as long."""
    with engine.connect() as connection:
        if engine.name == "postgresql":  # SQLite begins nothing by itself
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


def _look_after(engine: sa.Engine) -> None:
    """Ask whether a connection still stands where it has rested; each time would cost as much as a look-up."""

    @sa.event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: Any) -> None:
        record.info[_RESTING] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def wake(connection: Any, record: Any, _fairy: Any) -> None:
        since = record.info.get(_RESTING)
        if since is None or time.monotonic() - since < _REST_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error  # the pool makes a new one


def _sqlite_engine(url: str) -> sa.Engine:
    database = sa.make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": 30, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
        execution_options={_TURN: Turn(database)} if database else {},
        pool_recycle=_RECYCLE_S,  # what is known of the tables is read as a connection is made
        pool_use_lifo=True,  # each connection has a cache of its own, so few are better than many
        hide_parameters=True,  # values are content, and errors are logged
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL may lose acknowledged commits with the power
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-8192",  # of each connection; what it does not hold, the system does
            "temp_store=MEMORY",
            "wal_autocheckpoint=8000",  # 32 MiB: a POST of 1,000 objects alone changes 1,000 pages
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get(WRITE, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # takes no lock yet, so nothing can go wrong that would need the long way
            connection.connection.dbapi_connection.execute("BEGIN")  # type: ignore[union-attr]

    return engine
