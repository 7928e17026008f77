"""The schema: bring a database to the newest migration, and say whether it agrees with the models."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from cirt.kernel.db import WRITE, make_engine
from cirt.kernel.errors import Conflict
from cirt.kernel.program import Program
from cirt.kernel.settings import Settings
from cirt.kernel.text import mark

log = logging.getLogger("cirt.schema")


class SchemaUnknown(Conflict):
    code = "schema-unknown"
    message = mark(
        "The database is at {revision}, which this version of cirt does not know."
        " Install the version that made it, or restore an older copy."
    )


def migrations_dir() -> Path:
    """Those that the wheel carries, or the ones beside the source tree."""
    carried = Path(str(files("cirt") / "_migrations"))
    return carried if carried.is_dir() else carried.parent.parent / "migrations"


@cache
def newest_revision() -> str:
    return max(_revisions())


def _revisions() -> set[str]:
    """By the names of their files, 0001_first_schema.py and so on."""
    return {path.stem.partition("_")[0] for path in (migrations_dir() / "versions").glob("0*.py")}


def current_revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return revision


def migrate(program: Program) -> tuple[str | None, str]:
    """Bring the schema up to date, an SQLite file after a copy; the revisions before and after."""
    engine = program.engine
    before, newest = current_revision(engine), newest_revision()
    if before == newest:
        return before, newest
    _must_know(before)
    if engine.dialect.name == "sqlite" and sa.inspect(engine).get_table_names():
        _copy(program, before or "base")
    upgrade(engine)
    log.info("migrated", extra={"before": before, "after": newest})
    return before, newest


def _must_know(revision: str | None) -> None:
    if revision is not None and revision not in _revisions():
        raise SchemaUnknown(revision=revision)


def _copy(program: Program, revision: str) -> None:
    at = program.clock.now().strftime("%Y%m%dT%H%M%SZ")
    target = program.settings.data_dir / "backups" / f"{at}-at-{revision}.sqlite3"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        closing(sqlite3.connect(str(program.engine.url.database))) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    log.info("copied", extra={"to": str(target)})


def is_empty(settings: Settings) -> bool:
    """Whether the database has no schema of ours yet."""
    engine = make_engine(settings.database_url)
    try:
        return current_revision(engine) is None
    finally:
        engine.dispose()


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Migrate up; each step in its own transaction."""
    steps = _steps()
    with _for_ddl(engine) as connection:
        steps.upgrade(migrations_dir(), connection, revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    steps = _steps()
    with _for_ddl(engine) as connection:
        steps.downgrade(migrations_dir(), connection, revision)


def differences(engine: sa.Engine) -> list[Any]:
    """Where the database and the models disagree; empty is good."""
    steps = _steps()
    with engine.connect() as connection:
        return list(steps.differences(connection))


def _steps() -> ModuleType:
    """Loaded where the schema changes only: Alembic takes 11 MiB, which no serving process needs."""
    return import_module("cirt.kernel.steps")


@contextmanager
def _for_ddl(engine: sa.Engine) -> Iterator[sa.Connection]:
    """SQLite changes a table by making it anew, which it refuses while others' keys lead to the old one."""
    with engine.execution_options(**{WRITE: True}).connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")  # each step looks at all keys before it commits
        try:
            yield connection
        finally:
            connection.rollback()
            driver.execute("PRAGMA foreign_keys=ON")  # within a transaction it would do nothing
