"""How much one asker, one source and all of them may take of a web process; numbers and the counting of them.

An asker is a peer, once its sign-in has been seen to be right here, else the source of the request. All numbers
hold for one process. They are generous: peers sit behind shared addresses, and one peer may well read with
sixteen connections. docs/operate.md tells them.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

CONNECTIONS = 1000
CONNECTIONS_PER_SOURCE = 400

HEADER_S = 30.0  # for a request's line and headers, with what PACE adds
BODY_S = 60.0  # how long a body, or the taking of an answer, may rest
IDLE_S = 60.0  # between two requests
LINGER_S = 5.0  # after a refusal, so that it arrives although the caller is still sending
PACE = 4096  # bytes a second; who is slower uses up the time above

REQUESTS_PER_ASKER = 100  # waiting and in work
RATE = 5000  # requests a second of one asker, in the long run
BURST = 10_000

_MIB = 1024 * 1024
BODIES = 1024 * _MIB  # being received or in work; what is above a part of it lies on disk
BODIES_PER_ASKER = 256 * _MIB
BODIES_IN_MEMORY = 32 * _MIB  # beyond this, a new body goes to disk early
OWED = 256 * _MIB  # answers that are not taken
OWED_PER_ASKER = 64 * _MIB
OWED_IN_MEMORY = 32 * _MIB
EARLY = 64 * 1024  # where early means: from this many bytes on

_BUCKETS = 4096


class Holder(Protocol):
    """A connection, as far as the counting goes."""

    asker: str
    source: str
    since: float
    requests: list[object]

    @property
    def held(self) -> int:
        """Bytes of a body that is being received or in work."""

    @property
    def owed(self) -> int:
        """Bytes of an answer that are not taken yet."""


@dataclass(frozen=True, slots=True)
class TooMuch:
    """Why a request is refused for now, in a sentence, and when to come back."""

    code: str
    why: str
    wait_s: int


class Rate:
    """A bucket of tokens for each asker, with the longest unused forgotten."""

    def __init__(self, per_s: float = RATE, burst: float = BURST) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when

    def takes(self, asker: str, now: float) -> bool:
        """Whether there is a token; it is used."""
        tokens, then = self._buckets.pop(asker, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - then) * self._per_s)
        is_in = tokens >= 1
        self._buckets[asker] = (tokens - 1 if is_in else tokens, now)
        if len(self._buckets) > _BUCKETS:
            self._buckets.popitem(last=False)
        return is_in


def refuse_request(asker: str, waiting: int, rate: Rate, owing: Iterable[Holder]) -> TooMuch | None:
    """Whether a request that is read must come again later.

    ``waiting``: how many of its asker's are here already. ``owing``: connections with answers not taken.
    """
    if waiting >= REQUESTS_PER_ASKER:
        why = f"{waiting} of your requests are waiting here already."
        return TooMuch("too-many-at-once", why, 1)
    if not rate.takes(asker, time.monotonic()):
        why = f"You have sent more than {RATE} requests a second."
        return TooMuch("too-many-requests", why, 1)
    if sum(one.owed for one in owing if one.asker == asker) > OWED_PER_ASKER:
        why = f"You have not taken {OWED_PER_ASKER // _MIB} MiB of answers yet. Read them first."
        return TooMuch("answers-not-taken", why, 5)
    return None


def refuse_body(asker: str, holders: Iterable[Holder]) -> TooMuch | None:
    """Whether a body may not be received now for what others, or its asker, have here."""
    held = [(one.asker, one.held) for one in holders]
    if sum(size for whose, size in held if whose == asker) > BODIES_PER_ASKER:
        why = f"More than {BODIES_PER_ASKER // _MIB} MiB of your requests are in work here."
        return TooMuch("too-much-at-once", why, 10)
    if sum(size for _, size in held) > BODIES:
        return TooMuch("too-much-at-once", "Too much is in work here at the moment.", 10)
    return None


def to_close(newest: Holder, holders: Sequence[Holder], *, is_shared: bool) -> Holder | None:
    """Which connection makes room for the newest, if any must: one on which no request is in work.

    A source over its limit pays itself; of all, the source with most does. ``is_shared``: the newest comes from
    the proxy, which has no limit of its own.
    """
    if len(holders) <= CONNECTIONS_PER_SOURCE:
        return None
    same = [one for one in holders if one.source == newest.source]
    if len(same) > CONNECTIONS_PER_SOURCE and not is_shared:
        return _longest(same) or newest
    if len(holders) <= CONNECTIONS:
        return None
    numbers: dict[str, int] = {}
    for one in holders:
        numbers[one.source] = numbers.get(one.source, 0) + 1
    busiest = max(numbers, key=lambda source: numbers[source])
    return _longest([one for one in holders if one.source == busiest]) or newest


def to_give_up(owing: Sequence[Holder]) -> list[Holder]:
    """Whose answers have waited longest to be taken, where too much waits in all."""
    surplus = sum(one.owed for one in owing) - OWED
    given_up = []
    for one in sorted(owing, key=lambda one: one.since):
        if surplus <= 0:
            break
        surplus -= one.owed
        given_up.append(one)
    return given_up


def _longest(holders: Sequence[Holder]) -> Holder | None:
    return min(
        (one for one in holders if not one.requests), key=lambda one: one.since, default=None
    )
