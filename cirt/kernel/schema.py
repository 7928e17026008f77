"""The schema: bring a database to the newest migration, and say whether it agrees with the models."""

import logging
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cirt.kernel.db import WRITE, Base, make_engine
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


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config


def newest_revision() -> str:
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


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
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
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
    with _for_ddl(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    with _for_ddl(engine) as connection:
        command.downgrade(_config(connection), revision)


def differences(engine: sa.Engine) -> list[Any]:
    """Where the database and the models disagree; empty is good."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def _for_ddl(engine: sa.Engine) -> sa.Connection:
    return engine.execution_options(**{WRITE: True}).connect()
