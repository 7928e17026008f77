"""Writes the lines of news, and drops those that nobody reads any more."""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cirt.kernel.work import Work
from cirt.register.matches.models import MatchNews

_KEPT = timedelta(days=30)


def tell(work: Work, counts: Mapping[int, int], run_id: int | None) -> None:
    """``counts`` by incident. In one order, so that two who tell of the same wait and do not lock each other out."""
    if not counts:
        return
    connection = work.session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(MatchNews)
    told = insert.excluded
    upsert = insert.on_conflict_do_update(
        index_elements=["incident_id", "run_id"],
        set_={"count": MatchNews.count + told.count, "at": told.at},
    )
    rows = [
        {"incident_id": incident_id, "run_id": run_id, "count": count, "at": work.now}
        for incident_id, count in sorted(counts.items())
    ]
    connection.execute(upsert, rows)


def forget_old(work: Work) -> None:
    work.session.execute(sa.delete(MatchNews).where(MatchNews.at < work.now - _KEPT))
