"""Statements for the few paths that are asked thousands of times a second.

They are written like all others, compiled once for each kind of database, and then given to the driver as they
are: what SQLAlchemy does for every execution costs several times what the database takes for a short look-up.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_Convert = Callable[[Any], Any]


class Prepared:
    """A SELECT whose values come with each execution, by the names of its bound parameters."""

    def __init__(self, statement: sa.Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """Named tuples; the connection's transaction, if it has one, is the statement's.

        Raises:
            sqlalchemy.exc.DBAPIError: as for any other statement.
        """
        return self._form(connection).convert(self.plain(connection, values))

    def plain(
        self, connection: sa.Connection, values: Mapping[str, Any], *, binary: bool = False
    ) -> list[Any]:
        """Rows as the driver gives them; ``binary``: PostgreSQL sends numbers and bytes as they are."""
        form = self._form(connection)
        dialect = connection.dialect
        driver: Any = connection.connection.dbapi_connection
        options = {"binary": binary} if dialect.name == "postgresql" else {}
        try:
            found: list[Any] = driver.execute(form.text, form.bind(values), **options).fetchall()
        except dialect.loaded_dbapi.Error as error:
            raise _as_ours(error, form.text, connection) from error
        return found

    def _form(self, connection: sa.Connection) -> "_Form":
        name = connection.dialect.name
        if name not in self._forms:
            self._forms[name] = _Form(self._statement, connection.dialect)
        return self._forms[name]


class _Form:
    """The statement as one database takes it."""

    def __init__(self, statement: sa.Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order = compiled.positiontup
        self._given = dict(compiled.params)
        self._asked = [name for name, bound in compiled.binds.items() if bound.required]
        self._to_database = {
            name: convert
            for name, bound in compiled.binds.items()
            if (convert := bound.type.dialect_impl(dialect).bind_processor(dialect))
        }
        columns = list(statement.selected_columns)
        self._names = tuple(str(column.key) for column in columns)
        self._from_database = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def bind(self, values: Mapping[str, Any]) -> Any:
        given = self._given | {name: values[name] for name in self._asked}
        for name, convert in self._to_database.items():
            given[name] = convert(given[name])
        return given if self._order is None else [given[name] for name in self._order]

    def convert(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        make = _row_type(self._names)._make
        if not self._from_database:
            return [make(row) for row in found]
        rows = []
        for row in found:
            cells = list(row)
            for place, convert in self._from_database:
                cells[place] = convert(cells[place])
            rows.append(make(cells))
        return rows


@cache
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)  # noqa: PYI024 - its names are data


def _as_ours(error: Exception, text: str, connection: sa.Connection) -> BaseException:
    """Of the class that SQLAlchemy gives such an error, without its values, which are content."""
    dialect = connection.dialect
    ours = sa.exc.DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
    if dialect.is_disconnect(error, connection.connection, None):  # type: ignore[arg-type]
        connection.invalidate(error)
    return ours


class Columns:
    """A query for rows of whole numbers and truths, read column by column: far less work than row by row."""

    def __init__(self, query: sa.Select[*tuple[Any, ...]]) -> None:
        self._width = len(query.selected_columns)
        rows = query.subquery()
        self._rows = Prepared(query)
        # On SQLite one row, since each row costs a switch of threads.
        columns = (sa.func.json_group_array(column).label(column.name) for column in rows.c)
        self._together = Prepared(sa.select(*columns))

    def read(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[list[int]]:
        """One list for each column, all of one length."""
        if connection.dialect.name == "postgresql":
            rows = self._rows.plain(connection, values, binary=True)
            return [list(column) for column in zip(*rows, strict=True)] or self._none()
        [found] = self._together.plain(connection, values)
        return [orjson.loads(column) for column in found]

    def _none(self) -> list[list[int]]:
        return [[] for _ in range(self._width)]
