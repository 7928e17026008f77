"""What pages show of the exchange: when a link tries next, what is in trouble."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.exchange import trouble
from cirt.exchange.health import Health, LinkHealth
from cirt.exchange.models import Link, LinkState
from cirt.exchange.watching.alerts import lines_alarmed
from cirt.kernel.clock import from_us, to_us
from cirt.parties.models import Peer


def next_try(link: LinkHealth, now: datetime) -> datetime | None:
    """When the worker asks for the next run by itself; None while the link rests, or where files are carried."""
    if link.health is Health.RESTING or link.by_file:
        return None
    shift_s = 7 * link.id  # as links spread their slots
    seconds = to_us(now) // 1_000_000 + shift_s
    slot = from_us(((seconds // link.every_s + 1) * link.every_s - shift_s) * 1_000_000)
    if link.error != trouble.PeerBusy.code or link.last_run_at is None:
        return slot
    told = link.last_run_at + timedelta(seconds=min(float(link.values.get("wait_s", 0)), 86_400))
    return max(slot, told)


def lines_in_trouble() -> sa.Select[str]:
    """Links that do not work and lines with an alert, each once; to be counted beside the section's name."""
    links = (
        sa.select((sa.literal("link:") + sa.cast(Link.id, sa.String)).label("line"))
        .join(Peer, Peer.id == Link.peer_id)
        .where(Link.state == LinkState.ACTIVE, Link.error.is_not(None), Peer.state == "active")
    )
    both = sa.union(links, lines_alarmed()).subquery()
    return sa.select(both.c.line)
