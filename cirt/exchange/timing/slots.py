"""The slots of a schedule: a run is asked for once in each, over any number of workers.

They follow from the number of the link and the time alone, so nobody has to remember them.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cirt.exchange.timing.cron import read_cron
from cirt.kernel.clock import from_us, to_us

_APART_S = 7  # slots of different links begin at different moments
_SPREAD = 10  # a slot begins up to a tenth of the interval late, each time by another span


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so many seconds, or by the calendar of ``cron``; ``set_at`` is when that was said."""

    link_id: int
    every_s: int
    cron: str | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    begins_at: datetime


def present_slot(schedule: Schedule, now: datetime) -> Slot | None:
    """The slot that began last; None where the calendar has named no instant since it was set."""
    if schedule.cron is None:
        number = _number(schedule, now)
        return Slot(f"{schedule.every_s}-{number}", _begin(schedule, number))
    at = read_cron(schedule.cron).before(now)
    if at is None or at <= schedule.set_at:
        return None
    return Slot(f"cron-{to_us(at) // 1_000_000}", at)


def next_begin(schedule: Schedule, now: datetime) -> datetime | None:
    """When the next slot begins."""
    if schedule.cron is None:
        return _begin(schedule, _number(schedule, now) + 1)
    return read_cron(schedule.cron).after(now)


def _number(schedule: Schedule, now: datetime) -> int:
    shifted_s = to_us(now) // 1_000_000 + _APART_S * schedule.link_id
    number = shifted_s // schedule.every_s
    return number if _begin(schedule, number) <= now else number - 1


def _begin(schedule: Schedule, number: int) -> datetime:
    seconds = number * schedule.every_s - _APART_S * schedule.link_id
    return from_us((seconds + _late_s(schedule, number)) * 1_000_000)


def _late_s(schedule: Schedule, number: int) -> int:
    digest = hashlib.blake2b(f"{schedule.link_id} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (schedule.every_s // _SPREAD + 1)
