"""Lists reach PostgreSQL as they are, whichever way they are made."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.work import CONSOLE
from tests.conftest import NOON
from tests.support.databases import Databases

WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        *((kind, [-end, -1, 0, 1, end - 1]) for kind, end in WHOLE.items()),
        ("int8", [7] * 3000),
        ("numeric", [2**63, 1]),
        ("int8", [1, None, 2**40]),
        ("bool", [True, False, True]),
        ("bool", [True, None]),
        ("text", ["", "a", "ä\N{SNOWMAN}", "'{}\\,\"NULL", "x" * 100_000]),
        ("text", ["a", None, "b"]),
        ("text", [None, "b"]),
        ("bytea", [b"", b"\x00\xff", bytes(range(256)) * 40]),
        ("bytea", [b"a", None]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), None]),
        ("int8", []),
    ],
)
def test_a_list_comes_back_as_it_went(
    kind: str, values: list[Any], databases: Databases, tmp_path: Path
) -> None:
    query = sa.text(f"SELECT CAST(:given AS {kind}[])")
    with (
        databases.program("postgresql", tmp_path, FakeClock(NOON)) as program,
        program.work(CONSOLE, write=False) as work,
    ):
        assert work.session.scalar(query, {"given": values}) == values


@pytest.mark.parametrize("values", [["a", 1], [1, "a"], [b"a", "b"], [True, 2]])
def test_lists_of_several_kinds_are_refused_or_kept_as_they_are(
    values: list[Any], databases: Databases, tmp_path: Path
) -> None:
    with (
        databases.program("postgresql", tmp_path, FakeClock(NOON)) as program,
        program.engine.connect() as connection,
    ):
        driver: Any = connection.connection.dbapi_connection
        with pytest.raises((psycopg.Error, TypeError, AttributeError)):
            driver.execute("SELECT %s", [values]).fetchone()
