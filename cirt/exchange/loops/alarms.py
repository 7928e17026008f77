"""Alarms for people: which stand, and letting an object in again from the peer that sent it too often."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arrivals import take_waiting
from cirt.exchange.loops.models import RateAlarm
from cirt.exchange.loops.rates import TOO_OFTEN
from cirt.exchange.models import Quarantined
from cirt.kernel.errors import NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer

SHOWN = 20


class NoSuchAlarm(NotFound):
    code = "no-such-alarm"
    message = mark("Alarm {id} does not stand, or has been lifted already.")


@dataclass(frozen=True, slots=True)
class AlarmLine:
    id: int
    peer: str
    slug: str
    stix_id: str
    count: int
    raised_at: datetime
    held: int  # versions that have been held since


def standing_alarms(session: Session) -> list[AlarmLine]:
    """The youngest first, as many as a page shows."""
    held = (
        sa.select(sa.func.count())
        .where(
            Quarantined.peer_id == RateAlarm.peer_id,
            Quarantined.stix_id == RateAlarm.stix_id,
            Quarantined.code == TOO_OFTEN,
            Quarantined.settled_at.is_(None),
        )
        .scalar_subquery()
    )
    query = (
        sa.select(
            RateAlarm.id,
            Peer.name,
            Peer.slug,
            RateAlarm.stix_id,
            RateAlarm.count,
            RateAlarm.raised_at,
            held,
        )
        .join(Peer, Peer.id == RateAlarm.peer_id)
        .where(RateAlarm.lifted_at.is_(None))
        .order_by(RateAlarm.id.desc())
        .limit(SHOWN)
    )
    return [AlarmLine(*row) for row in session.execute(query)]


def alarms_standing() -> sa.Select[int]:
    """To be counted beside the section's name."""
    return sa.select(RateAlarm.id).where(RateAlarm.lifted_at.is_(None))


def lift_alarm(work: Work, alarm_id: int) -> int:
    """Take the object from that peer again, and what was held of it; how many versions were.

    The hour begins anew, so that one that goes on in circles is stopped once more.

    Raises:
        NoSuchAlarm, NotAllowed.
    """
    work.require("sync:run")
    alarm = work.session.get(RateAlarm, alarm_id, with_for_update=True)
    if alarm is None or alarm.lifted_at is not None:
        raise NoSuchAlarm(id=alarm_id)
    alike = sa.update(RateAlarm).where(
        RateAlarm.peer_id == alarm.peer_id,
        RateAlarm.stix_id == alarm.stix_id,
        RateAlarm.lifted_at.is_(None),
    )
    work.session.execute(alike.values(lifted_at=work.now))  # two runs may have raised it at once
    query = sa.select(Quarantined).where(
        Quarantined.peer_id == alarm.peer_id,
        Quarantined.stix_id == alarm.stix_id,
        Quarantined.code == TOO_OFTEN,
        Quarantined.settled_at.is_(None),
    )
    rows = list(work.session.scalars(query.order_by(Quarantined.id)))
    take_waiting(work, rows)
    peer = work.session.get_one(Peer, alarm.peer_id)
    work.audit("loop.lift", alarm.stix_id, peer=peer.slug, held=len(rows))
    return len(rows)
