"""From where a walk goes on, and how far its cursor may move. Dates are the peer's; our clock only bounds them."""

import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.dates import format_added, parse_added
from cirt.exchange.models import Link, Run, RunState

AHEAD = timedelta(days=1)  # a date_added later than that is no place to go on from
_OVERLAP = timedelta(minutes=1)  # read again once after data came: a peer may commit out of order
_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z\Z", re.ASCII)

ReadBy = tuple[str, list[str] | None, datetime | None]


def read_by(link: Link) -> ReadBy:
    """By which terms it is read: a cursor says how far these have led, and nothing of others."""
    return link.remote, link.types, link.since


def held_unchanged(session: Session, link_id: int, terms: ReadBy | None) -> Link:
    """The link, held: while its cursor is moved nobody sets it back.

    Raises:
        LinkChanged: it is not read by these terms any more.
    """
    held = sa.select(Link).where(Link.id == link_id).with_for_update(key_share=True)
    link = session.scalars(held.execution_options(populate_existing=True)).one()
    if read_by(link) != terms:
        raise trouble.LinkChanged
    return link


def just_before(at: datetime) -> str:
    return format_added(at - timedelta(microseconds=1))


def start_of(session: Session, link: Link, now: datetime) -> str | None:
    """The cursor, or a little before it after a walk that brought data; never before the link's own start."""
    cursor = parse_added(link.cursor)
    if cursor is None or cursor > now + AHEAD:  # it would hide all that comes until then
        return format_added(link.since) if link.since else None
    if link.since and link.since >= cursor:
        return format_added(link.since)
    return format_added(cursor - _OVERLAP) if _looks_back(session, link.id) else link.cursor


def _looks_back(session: Session, link_id: int) -> bool:
    """Whether the last walk to the end has brought data, or one before it of which it was the rest.

    Those that asked in vain since count for nothing; one that broke off with data goes on where it was.
    """
    walked = (
        sa.select(Run.error, Run.taken)
        .where(
            Run.link_id == link_id,
            Run.state != RunState.RUNNING,
            sa.or_(Run.error.is_(None), Run.taken > 0),
        )
        .order_by(Run.id.desc())
        .limit(2)
    )
    last, before = [*session.execute(walked), None, None][:2]
    if last is None or last.error is not None:
        return False
    return last.taken > 0 or (before is not None and before.error is not None)


def reached_by(high_text: str, high: datetime, now: datetime, *, more: bool) -> str:
    """The cursor behind a page; not ahead of our own clock, for a peer's that is ahead may be set right one day."""
    latest = now + _OVERLAP
    if more or high > latest:
        return just_before(min(high, latest))
    return high_text if _STRICT.match(high_text) else format_added(high)
