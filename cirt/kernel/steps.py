"""Alembic's part of the schema: walks the migrations, and compares the database with the models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from cirt.kernel.db import Base


def upgrade(scripts: Path, connection: sa.Connection, revision: str) -> None:
    command.upgrade(_config(scripts, connection), revision)


def downgrade(scripts: Path, connection: sa.Connection, revision: str) -> None:
    command.downgrade(_config(scripts, connection), revision)


def differences(connection: sa.Connection) -> Sequence[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def _config(scripts: Path, connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config
