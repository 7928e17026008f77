"""Runs migrations on the connection that ``cirt.kernel.schema`` hands over."""

import sqlalchemy as sa
from alembic import context

connection: sa.Connection = context.config.attributes["connection"]


def keys_lead_somewhere(**_step: object) -> None:
    """SQLite does not follow keys while tables are changed; a step that broke one is undone."""
    if connection.dialect.name == "sqlite":
        astray = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if astray is not None:
            raise RuntimeError(f"a row of {astray[0]} points at no row of {astray[2]}")


context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transaction_per_migration=True,
    on_version_apply=keys_lead_somewhere,
)
with context.begin_transaction():
    context.run_migrations()
