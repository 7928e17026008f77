"""The schema: bring a database to the newest migration, and say whether it agrees with the models."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cirt.kernel.db import WRITE, Base


def migrations_dir() -> Path:
    """The migrations beside the source tree, or those that the wheel carries."""
    beside = Path(str(files("cirt"))).parent / "migrations"
    return beside if beside.is_dir() else Path(str(files("cirt") / "_migrations"))


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
