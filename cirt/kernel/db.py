"""Declarative base, column types and the engine, alike on SQLite and PostgreSQL."""

import enum
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import sqlalchemy as sa
from psycopg.pq import Format
from sqlalchemy.dialects import postgresql, sqlite
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


def insert_new(
    connection: sa.Connection, model: type[Base], *key: str
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that passes over rows whose ``key`` is there already, also by a transaction at work."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(model).on_conflict_do_nothing(index_elements=list(key))


def insert_rows(
    connection: sa.Connection,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    unless: Sequence[str] = (),
) -> None:
    """INSERT many rows at once; all have the same columns, and defaults are not filled in.

    Rows whose columns ``unless`` are there already are passed over, also where a transaction at work has put
    them: then this waits for it.
    """
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        insert_columns(connection, model, columns, unless=unless)


_COUNTED = {"preserve_rowcount": True}


def insert_columns(
    connection: sa.Connection,
    model: type[Base],
    columns: Mapping[str, Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
    unless: Sequence[str] = (),
) -> int:
    """The same for rows that are at hand column by column; ``same`` holds what all have in common.

    How many were put in: fewer than were given, where some were there already.
    """
    count = len(next(iter(columns.values())))
    if not count:
        return 0
    alike = {name: values[0] for name, values in columns.items() if _are_same(values)}
    if len(alike) == len(columns):  # one column says how many rows there are
        del alike[next(iter(columns))]
    given = {name: values for name, values in columns.items() if name not in alike}
    common = {**alike, **(same or {})}
    if connection.dialect.name == "postgresql":
        insert = _from_arrays(model, tuple(given), tuple(common), tuple(unless))
        done = connection.execute(insert, {**given, **common}, execution_options=_COUNTED)
        return done.rowcount
    statement, to_database = _sqlite_statement(model, (*given, *common), tuple(unless))
    ordered = [
        repeat(convert(common[name]) if convert else common[name], count)
        if name in common
        else [convert(value) for value in given[name]]
        if convert
        else given[name]
        for name, convert in to_database
    ]
    rows = list(zip(*ordered, strict=True))
    return connection.exec_driver_sql(statement, rows, execution_options=_COUNTED).rowcount


def new_ids(connection: sa.Connection, model: type[Base], count: int) -> list[int]:
    """Numbers for so many new rows, which nobody else gets: cheaper than to ask for those that were given.

    On SQLite only in a transaction that writes, as no other writes beside it.
    """
    if connection.dialect.name == "postgresql":
        named = sa.func.pg_get_serial_sequence(model.__tablename__, "id")
        sequence = sa.select(named).scalar_subquery()
        numbers = sa.func.generate_series(1, count).table_valued("n")
        query = sa.select(sa.func.array_agg(sa.func.nextval(sequence))).select_from(numbers)
        return list(connection.scalar(query) or ())
    last: int = connection.scalar(sa.select(sa.func.max(model.__table__.c.id))) or 0
    return list(range(last + 1, last + 1 + count))


@lru_cache(maxsize=256)  # as many forms as there are ways for columns to hold one value
def _from_arrays(
    model: type[Base],
    arrays: tuple[str, ...],
    common: tuple[str, ...],
    unless: tuple[str, ...],
) -> postgresql.Insert:
    """One array per column, or one value where all are the same.

    A statement with a parameter per value takes five times as long.
    """
    types = {name: model.__table__.c[name].type for name in (*arrays, *common)}
    given = (
        sa.func.unnest(*(_typed(name, postgresql.ARRAY(types[name])) for name in arrays))
        .table_valued(*(sa.column(name, types[name]) for name in arrays), name="given")
        .render_derived()
    )
    row = [given.c[name] for name in arrays] + [_typed(name, types[name]) for name in common]
    insert = postgresql.insert(model).from_select((*arrays, *common), sa.select(*row))
    return insert.on_conflict_do_nothing(index_elements=unless) if unless else insert


def _typed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.bindparam(name, type_=kind), kind)


_SQLITE = sqlite.dialect()
_Convert: TypeAlias = Callable[[Any], Any] | None


@lru_cache(maxsize=256)
def _sqlite_statement(
    model: type[Base], names: tuple[str, ...], unless: tuple[str, ...]
) -> tuple[str, list[tuple[str, _Convert]]]:
    """The text, and in its order the columns and what each value goes through.

    So rows go to the module as they are; made into parameters one by one they cost twice as much.
    """
    insert = _sqlite_insert(model, unless)
    compiled = insert.compile(dialect=_SQLITE, column_keys=names)
    order = compiled.positiontup or ()
    types = {name: compiled.binds[name].type.dialect_impl(_SQLITE) for name in order}
    return str(compiled), [(name, types[name].bind_processor(_SQLITE)) for name in order]


def _sqlite_insert(model: type[Base], unless: tuple[str, ...]) -> sqlite.Insert:
    insert = sqlite.insert(model)
    return insert.on_conflict_do_nothing(index_elements=unless) if unless else insert


def _are_same(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(value is first for value in values)


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
