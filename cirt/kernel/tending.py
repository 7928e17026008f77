"""Care of the database: figures about its tables, without which SQLite takes the first index that fits.

PostgreSQL gathers them by itself; here it is asked only after many rows came at once.
"""

import logging

import sqlalchemy as sa

from cirt.kernel.db import WRITE, turn_to_write

log = logging.getLogger("cirt.database")

JOB = "database.tend"
_LOOKED_AT = 1000  # rows of each index; enough to tell a useful one, and done in milliseconds


def tend(engine: sa.Engine, *, after_bulk: bool = False) -> None:
    """Gather the figures anew. Connections that are open learn of them when they are next made."""
    if engine.name == "sqlite":
        with (
            turn_to_write(engine),
            engine.connect().execution_options(**{WRITE: True}) as connection,
        ):
            connection.exec_driver_sql(f"PRAGMA analysis_limit={_LOOKED_AT}")
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("PRAGMA optimize")
            connection.commit()
    elif after_bulk:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    log.info("database.tended", extra={"engine": engine.name})
