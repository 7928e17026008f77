"""``column is one of these`` with a single parameter, and many numbers in one value, however many there are."""

from collections.abc import Iterable
from typing import Any, Self

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


class _Many(sa.types.TypeDecorator[list[Any]]):
    """An array of texts, or one of numbers as it is written, on PostgreSQL; a JSON text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, texts: bool) -> None:
        super().__init__()
        self.texts = texts

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql" and self.texts:
            return dialect.type_descriptor(postgresql.ARRAY(sa.Text()))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name != "postgresql":
            return orjson.dumps(value).decode()
        return value if self.texts else f"{{{','.join(map(str, value or ()))}}}"


class _Among(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: OperatorType | None = None) -> Self:
        """As it stands: SQLite would get ``(… IN …) = 1``, for which it reads the whole table."""
        return self


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, given = (compiler.process(clause, **kwargs) for clause in element.clauses)
    bound = element.clauses.clauses[1].type
    kind = "TEXT" if isinstance(bound, _Many) and bound.texts else "BIGINT"
    return f"({column} = ANY (CAST({given} AS {kind}[])))"


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, given = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({given})))"  # noqa: S608  # compiled clauses, no values


def among(
    column: InstrumentedAttribute[int]
    | InstrumentedAttribute[str]
    | InstrumentedAttribute[str | None],
    given: Iterable[int | str],
) -> sa.ColumnElement[bool]:
    """As ``column.in_(given)``, without a limit and without a statement of its own for each length."""
    many = _Many(texts=isinstance(column.type, sa.String))
    return _Among(column, sa.bindparam(None, list(given), type_=many, unique=True))


def among_given(
    column: InstrumentedAttribute[int]
    | InstrumentedAttribute[int | None]
    | InstrumentedAttribute[str],
    name: str,
) -> sa.ColumnElement[bool]:
    """The same, for a statement that is built once: the list comes with each execution, under this name."""
    many = _Many(texts=isinstance(column.type, sa.String))
    return _Among(column, sa.bindparam(name, type_=many))


class _Listed(FunctionElement[int]):
    inherit_cache = True
    name = "listed"


@compiles(_Listed, "postgresql")
def _list_on_postgresql(element: _Listed, compiler: SQLCompiler, **kwargs: Any) -> str:
    given = compiler.process(element.clauses, **kwargs)
    return f"(SELECT unnest(CAST({given} AS BIGINT[])) AS value)"  # a parameter, no values


@compiles(_Listed, "sqlite")
def _list_on_sqlite(element: _Listed, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kwargs)})"


def listed(given: Iterable[int]) -> sa.TableValuedAlias:
    """These numbers as a table with the one column ``value``, to ask something for each of them.

    ``sa.values`` would do the same as a statement of its own for each list, which takes longer to write than to run.
    """
    return _as_table(sa.bindparam(None, list(given), type_=_Many(texts=False), unique=True))


def listed_given(name: str) -> sa.TableValuedAlias:
    """The same, for a statement that is built once: the list comes with each execution, under this name."""
    return _as_table(sa.bindparam(name, type_=_Many(texts=False)))


def _as_table(given: sa.BindParameter[list[Any]]) -> sa.TableValuedAlias:
    return _Listed(given).table_valued(sa.column("value", sa.BigInteger()))


class _Numbers(sa.types.TypeDecorator[list[int]]):
    """An array on PostgreSQL, a JSON text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        kind = postgresql.ARRAY(sa.BigInteger()) if dialect.name == "postgresql" else sa.Text()
        return dialect.type_descriptor(kind)

    def process_result_value(self, value: Any, dialect: Dialect) -> list[int]:
        numbers: list[int] = value if dialect.name == "postgresql" else orjson.loads(value)
        return numbers


class _Gathered(FunctionElement[list[int]]):
    type = _Numbers()
    inherit_cache = True
    name = "gathered"


@compiles(_Gathered, "postgresql")
def _gather_on_postgresql(element: _Gathered, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"array_agg({compiler.process(element.clauses, **kwargs)})"


@compiles(_Gathered, "sqlite")
def _gather_on_sqlite(element: _Gathered, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kwargs)})"


def gathered(
    column: sa.ColumnElement[int] | InstrumentedAttribute[int],
) -> sa.ColumnElement[list[int]]:
    """The numbers of a group as one list, in any order; a row for each would cost far more."""
    return _Gathered(column)
