"""``column is one of these`` with a single parameter, however many there are."""

import json
from collections.abc import Iterable
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


class _Many(sa.types.TypeDecorator[list[Any]]):
    """An array of numbers or texts on PostgreSQL, a JSON text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, texts: bool) -> None:
        super().__init__()
        self.texts = texts

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            kind = sa.Text() if self.texts else sa.BigInteger()
            return dialect.type_descriptor(postgresql.ARRAY(kind))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


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
    column: InstrumentedAttribute[int] | InstrumentedAttribute[str], given: Iterable[int | str]
) -> sa.ColumnElement[bool]:
    """As ``column.in_(given)``, without a limit and without a statement of its own for each length."""
    many = _Many(texts=isinstance(column.type, sa.String))
    return _Among(column, sa.bindparam(None, list(given), type_=many, unique=True))
