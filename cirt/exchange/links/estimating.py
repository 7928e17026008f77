"""What a first run of a link would bring: asked of the peer's manifest in a few requests, and kept for the choice."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from cirt.exchange import trouble
from cirt.exchange.dates import format_added, parse_added
from cirt.exchange.links.budget import Meter, metered
from cirt.exchange.links.filtering import asked_types
from cirt.exchange.links.now import check_awake
from cirt.exchange.links.service import find_link
from cirt.exchange.models import Link, LinkDirection
from cirt.exchange.remote.collections import Remote, RemoteCollection
from cirt.exchange.runs import Caps, Running, check_may_run
from cirt.exchange.timing.survey import Ask, Look, Survey, survey
from cirt.kernel.errors import Conflict, Unavailable
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM, Work

_PAGE = 1000  # entries asked for in one look
_OFFERED_DAYS = (30, 90, 365)  # as starts to choose from
_REFUSALS = (trouble.RequestRefused, trouble.NotThere, trouble.PeerFailed, trouble.AnswerWrong)


class OnlyForPull(Conflict):
    code = "only-for-pull"
    message = mark("An estimate says what a peer would bring; this link sends to the peer.")


@dataclass(frozen=True, slots=True)
class Start:
    since: str  # a day
    count: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """``count`` is exact, or about; ``is_least`` where the peer has more, nobody knows how much."""

    at: str
    count: int
    is_exact: bool
    is_least: bool
    oldest: str | None
    newest: str | None
    starts: tuple[Start, ...]
    requests: int
    bytes: int
    error: str | None = None
    error_values: Mapping[str, Any] | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Estimate":
        return cls(**{**data, "starts": tuple(Start(**each) for each in data["starts"])})


def estimate_link(program: Program, link_id: int) -> Estimate:
    """Ask the peer, and keep the answer with the link.

    Raises:
        NoSuchLink, OnlyForPull, LinkRests, LinkByFile.
        Unavailable: why it could not be asked; that is kept too.
    """
    with program.work(SYSTEM, write=False) as work:
        link = find_link(work.session, link_id)
        if link.direction is not LinkDirection.PULL:
            raise OnlyForPull
        check_awake(work, link)
    try:
        found = _estimate(program, link)
    except Unavailable as error:
        with program.work(SYSTEM) as work:
            _keep(work, link_id, _failed(work.now, error))
        raise
    with program.work(SYSTEM) as work:
        _keep(work, link_id, found)
    return found


def _estimate(program: Program, link: Link) -> Estimate:
    with program.work(SYSTEM, write=False) as work:
        check_may_run(work, link.id)
        now = work.now
    caps = Caps()
    access = Running(program, link.id, None, caps).access()
    with (
        Remote(access, program.clock, caps.request, caps.time) as remote,
        metered(program, link.id, remote) as meter,
    ):
        collection = remote.find(link.remote)
        if not collection.can_read:
            raise trouble.NotReadable(name=link.remote)
        found, asked = _first_that_works(collection, link, now, meter)
        size = remote.traffic
    starts = [(now - timedelta(days=days)) for days in _OFFERED_DAYS]
    return Estimate(
        at=now.isoformat(),
        count=found.count,
        is_exact=found.is_exact,
        is_least=found.is_open,
        oldest=found.oldest.isoformat() if found.oldest else None,
        newest=found.newest.isoformat() if found.newest else None,
        starts=tuple(
            Start(since.date().isoformat(), found.after(since))
            for since in starts
            if found.oldest is not None and since > found.oldest
        ),
        requests=asked,
        bytes=size,
    )


def _first_that_works(
    collection: RemoteCollection, link: Link, now: datetime, meter: Meter
) -> tuple[Survey, int]:
    """Some know no manifest, some none of all versions; their objects themselves are looked at least."""
    types = asked_types(link.types)
    plain = {"type": types} if types else {}
    ways: tuple[tuple[Callable[..., Look], Mapping[str, str], int, int], ...] = (
        (_manifest, {**plain, "version": "all"}, 10, 30),
        (_manifest, plain, 10, 30),
        (_objects, plain, 3, 6),
    )
    for number, (look, filters, walk, looks) in enumerate(ways, start=1):
        asked: list[datetime | None] = []
        ask = _asking(collection, look, filters, asked, meter)
        try:
            return survey(ask, now, walk=walk, looks=looks), len(asked)
        except _REFUSALS:
            if len(asked) > 1 or number == len(ways):
                raise
    raise AssertionError("the last way returns or raises")


def _asking(
    collection: RemoteCollection,
    look: Callable[..., Look],
    filters: Mapping[str, str],
    asked: list[datetime | None],
    meter: Meter,
) -> Ask:
    def ask(after: datetime | None, token: str | None) -> Look:
        asked.append(after)
        meter.check()
        since = {"added_after": format_added(after)} if after else {}
        return look(collection, {**filters, **since}, token)

    return ask


def _manifest(collection: RemoteCollection, filters: Mapping[str, str], token: str | None) -> Look:
    page = collection.manifest(limit=_PAGE, filters=filters, token=token)
    dates = [at for at in map(parse_added, page.added) if at is not None]
    usable = dates if len(dates) == len(page.added) else None
    return Look(len(page.added), usable, page.more and bool(page.added), page.token)


def _objects(collection: RemoteCollection, filters: Mapping[str, str], token: str | None) -> Look:
    page = collection.page(limit=_PAGE, filters=filters, token=token)
    last = parse_added(page.last_added)
    dates = [last] * len(page.pieces) if last else None
    return Look(len(page.pieces), dates, page.more and bool(page.pieces), page.token)


def _failed(now: datetime, error: Unavailable) -> Estimate:
    return Estimate(
        at=now.isoformat(),
        count=0,
        is_exact=False,
        is_least=True,
        oldest=None,
        newest=None,
        starts=(),
        requests=0,
        bytes=0,
        error=error.code,
        error_values=dict(error.values),
    )


def _keep(work: Work, link_id: int, found: Estimate) -> None:
    find_link(work.session, link_id).estimate = asdict(found)
