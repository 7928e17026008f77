"""Declarative base, column types and the engine, alike on SQLite and PostgreSQL."""

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa
from psycopg.pq import Format
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

WRITE = "cirt_write"  # execution option: this transaction writes, so SQLite takes its lock at once
BINARY = (
    "cirt_binary"  # execution option: PostgreSQL sends bytes as they are, not as hexadecimal text
)

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
    returning: Sequence[sa.ColumnElement[Any] | InstrumentedAttribute[Any]] = (),
) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """INSERT many rows at once; all have the same columns, and defaults are not filled in.

    Rows whose columns ``unless`` are there already are passed over, also where a transaction at work has put
    them: then this waits for it. What is ``returning`` comes in any order, of inserted rows only.
    """
    if not rows:
        return []
    is_postgres = connection.dialect.name == "postgresql"
    insert: postgresql.Insert | sqlite.Insert
    values: Any = list(rows)
    if (
        is_postgres
    ):  # one array per column: a statement with a parameter per value takes five times as long
        names = list(rows[0])
        values = {name: [row[name] for row in rows] for name in names}
        insert = postgresql.insert(model).from_select(names, _unnested(model, names))
    else:
        insert = sqlite.insert(model)
    if unless:
        insert = insert.on_conflict_do_nothing(index_elements=list(unless))
    if not returning and not is_postgres:
        _insert_plainly(connection, insert, rows)
        return []
    if not returning:
        connection.execute(insert, values)
        return []
    return connection.execute(insert.returning(*returning), values).all()


def _insert_plainly(
    connection: sa.Connection,
    insert: sqlite.Insert | postgresql.Insert,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Give the rows to the module as they are; made into parameters one by one they cost twice as much."""
    dialect = connection.dialect
    compiled = insert.compile(dialect=dialect, column_keys=list(rows[0]))
    columns: list[list[Any]] = []
    for name in compiled.positiontup or ():
        to_database = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        values = (row[name] for row in rows)
        columns.append([to_database(one) for one in values] if to_database else list(values))
    connection.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))


def read_numbers(session: Session, query: sa.Select[*tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
    """Rows of whole numbers, truths and NULLs; on SQLite as one row, since each row costs a switch of threads."""
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return connection.execute(query, execution_options={BINARY: True}).all()
    rows = query.subquery()
    together = sa.func.json_group_array(sa.func.json_array(*rows.c))
    found: list[list[Any]] = orjson.loads(connection.scalar(sa.select(together)) or b"[]")
    return found


class Columns:
    """A query for rows of whole numbers and truths, read column by column: far less work than row by row.

    Built once and used with other values, so that nothing is paid for the statement but its execution.
    """

    def __init__(self, query: sa.Select[*tuple[Any, ...]]) -> None:
        self._width = len(query.selected_columns)
        rows = query.subquery()
        self._rows = query
        self._together = sa.select(*(sa.func.json_group_array(column) for column in rows.c))

    def read(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[list[int]]:
        """One list for each column, all of one length."""
        if connection.dialect.name == "postgresql":
            rows = connection.execute(self._rows, values, execution_options={BINARY: True})
            return [list(column) for column in zip(*rows, strict=True)] or self._none()
        found = connection.execute(self._together, values).one()
        return [orjson.loads(column) for column in found]

    def _none(self) -> list[list[int]]:
        return [[] for _ in range(self._width)]


def _unnested(model: type[Base], names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    types = {name: model.__table__.c[name].type for name in names}
    arrays = [
        sa.cast(sa.bindparam(name, type_=postgresql.ARRAY(kind)), postgresql.ARRAY(kind))
        for name, kind in types.items()
    ]
    columns = [sa.column(name, kind) for name, kind in types.items()]
    row = sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return sa.select(*(row.c[name] for name in names))


def make_engine(url: str) -> sa.Engine:
    """An engine for ``sqlite:///…`` or ``postgresql+psycopg://…``."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return _postgres_engine(url)


def _postgres_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(
        url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True
    )

    @sa.event.listens_for(engine, "before_cursor_execute")
    def choose_format(
        _connection: Any, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        if context is not None and context.execution_options.get(BINARY):
            cursor.format = Format.BINARY

    return engine


def _sqlite_engine(url: str) -> sa.Engine:
    database = sa.make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": 30, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
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
            "cache_size=-32768",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
