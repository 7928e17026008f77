"""A day's share of a link: what went over the wire is counted, and a run ends between pages where it is used up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.models import Link, LinkTraffic
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work

MEGABYTE = 1_000_000


class Wire(Protocol):
    @property
    def traffic(self) -> int:
        """Bytes received and sent so far."""
        ...


class Meter:
    """What one session has cost its link; settled with the pages that it brought."""

    def __init__(self, program: Program, link_id: int, wire: Wire) -> None:
        self._link_id, self._wire, self._settled = link_id, wire, 0
        with program.work(SYSTEM, write=False) as work:
            self._limit = work.session.get_one(Link, link_id).day_bytes
            self._used = used_on(work.session, link_id, work.now.date())

    def check(self) -> None:
        """
        Raises:
            ShareUsed: nothing more may be asked for today.
        """
        used = self._used + self._wire.traffic - self._settled
        if self._limit is not None and used >= self._limit:
            raise trouble.ShareUsed(used=_megabytes(used), of=_megabytes(self._limit))

    def settle(self, work: Work) -> None:
        """Note what came since the last time, in the caller's transaction."""
        fresh = self._wire.traffic - self._settled
        self._settled += fresh
        day = work.now.date()
        if fresh:
            _add(work.session, self._link_id, day, fresh)
        self._used = used_on(work.session, self._link_id, day)

    @property
    def is_settled(self) -> bool:
        return self._settled == self._wire.traffic


@contextmanager
def metered(program: Program, link_id: int, wire: Wire) -> Iterator[Meter]:
    """However the session ends, what it cost is counted.

    Raises:
        ShareUsed: today's share was used up before it began.
    """
    meter = Meter(program, link_id, wire)
    meter.check()
    try:
        yield meter
    finally:
        if not meter.is_settled:
            with program.work(SYSTEM) as work:
                meter.settle(work)


def used_on(session: Session, link_id: int, day: date) -> int:
    """Bytes."""
    found = session.get(LinkTraffic, (link_id, day), populate_existing=True)
    return found.bytes if found else 0


def used_by_link(session: Session, day: date) -> dict[int, int]:
    """Bytes of each link over which something went on this day."""
    query = sa.select(LinkTraffic.link_id, LinkTraffic.bytes).where(LinkTraffic.day == day)
    return dict(session.execute(query).all())


def _add(session: Session, link_id: int, day: date, fresh: int) -> None:
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(LinkTraffic).values(link_id=link_id, day=day, bytes=fresh)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["link_id", "day"],
            set_={"bytes": LinkTraffic.bytes + statement.excluded.bytes},
        )
    )


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f}".removesuffix(".0")
