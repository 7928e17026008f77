"""Acts that read chains which another such act may change wait for each other."""

import sqlalchemy as sa

from cirt.kernel.work import Work

_CHAINS = 7_230_915  # of merges and of parts, on PostgreSQL


def take_turn(work: Work) -> None:
    """Until commit nobody else merges, parts or links. On SQLite writers stand in line anyway."""
    if work.connection.dialect.name == "postgresql":
        work.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAINS)))
