"""What pages show of the exchange: when a link tries next, what is in trouble."""

from datetime import datetime

import sqlalchemy as sa

from cirt.exchange.health import RESTING, LinkHealth
from cirt.exchange.links.due import is_awake, next_run
from cirt.exchange.models import Link
from cirt.exchange.watching.alerts import lines_alarmed
from cirt.parties.models import Peer


def next_try(link: LinkHealth, now: datetime) -> datetime | None:
    """When the worker asks for the next run by itself; None while the link rests, or where files are carried."""
    return None if link.rhythm is None else next_run(link.rhythm, now)


def lines_in_trouble() -> sa.Select[str]:
    """Links that do not work and lines with an alert, each once; to be counted beside the section's name."""
    links = (
        sa.select((sa.literal("link:") + sa.cast(Link.id, sa.String)).label("line"))
        .join(Peer, Peer.id == Link.peer_id)
        .where(is_awake(), Link.error.is_not(None), Link.error.not_in(RESTING))
    )
    both = sa.union(links, lines_alarmed()).subquery()
    return sa.select(both.c.line)
