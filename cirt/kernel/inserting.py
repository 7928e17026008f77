"""Rows put in, many at once and alike on SQLite and PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cirt.kernel.db import Base


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
