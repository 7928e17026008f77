"""Seventy-two hours of several houses, drawn from a seed, and what must be true of them afterwards."""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cirt.exchange.models import LinkDirection
from cirt.kernel.tlp import Tlp
from tests.support.databases import Databases
from tests.support.simulated.clocks import HouseClock, Time
from tests.support.simulated.houses import House, Terms, connect, introduce, move_in
from tests.support.simulated.judge import Books, Judge
from tests.support.simulated.wire import CALM, STORM, Wire

LONG = timedelta(hours=72)
TICK = timedelta(minutes=30)
_EVERY_S = (5400, 7200, 10800)
_DOOMED = 0.4  # of the worker's turns; many end before they are killed
_GIVEN = (Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN, Tlp.AMBER)
_CEILINGS = (Tlp.GREEN, Tlp.AMBER, Tlp.AMBER)
_STEPS_MIN = (-60, -10, -3, -1, 1, 3, 10, 60)


@contextmanager
def drawn_ids(chance: random.Random) -> Iterator[None]:
    """Ids of the seed, for what comes in order of ids comes otherwise each time."""
    real, state = uuid.uuid4, random.getstate()
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    random.seed(chance.random())  # of the waits between attempts
    try:
        yield
    finally:
        uuid.uuid4 = real
        random.setstate(state)


@dataclass(slots=True)
class Days:
    seed: int
    time: Time
    wire: Wire
    judge: Judge
    houses: Sequence[House]
    chance: random.Random
    pairs: Sequence[tuple[int, int]]
    links: Sequence[tuple[int, int, LinkDirection]]  # (whose link, to whom, which way)
    story: list[str] = field(default_factory=list)

    def go(self) -> None:
        """The three days, with weather, people and clocks; then all is put right and the houses settle."""
        end = self.time.at + LONG
        self._plan_people(end)
        self.wire.weather = STORM
        while self.time.at < end:
            for house in self.chance.sample(self.houses, len(self.houses)):
                is_doomed = self.chance.random() < _DOOMED
                house.work(dies_in=self.chance.randrange(3, 20) if is_doomed else None)
            self.time.forward(TICK)
        self.wire.weather = CALM
        self._put_right()
        for _ in range(2 * len(self.houses) + 2):
            self.round()

    def round(self) -> None:
        """Every link runs once, and what came is handed on."""
        self.time.forward(timedelta(minutes=10))
        for house in self.houses:
            house.work(all_links=True)
            house.hand_on()

    def _tell(self, words: str) -> None:
        self.story.append(f"{self.time.at:%d %H:%M} {words}")

    def _plan_people(self, end: datetime) -> None:
        acts: list[tuple[float, Callable[[House], str | None]]] = [
            (0.3, self._give),
            (0.04, lambda house: house.give(Tlp.GREEN, release=False)),
            (0.12, self._edit),
            (0.06, self._raise),
            (0.06, self._recall),
            (0.15, self._sight),
            (0.3, self._hand_on),
            (0.04, self._suspend),
            (0.03, self._end_agreement),
            (0.03, self._rest),
            (0.05, self._step_clock),
        ]
        for house in self.houses:
            for per_hour, act in acts:
                at = self.time.at
                while True:
                    at += timedelta(hours=self.chance.expovariate(per_hour))
                    if at >= end:
                        break
                    self.time.plan(at, self._doing(house, act))

    def _doing(self, house: House, act: Callable[[House], str | None]) -> Callable[[], None]:
        def do() -> None:
            said = act(house)
            if said:
                self._tell(f"{house.slug} {act.__name__.strip('_')}: {said}")

        return do

    def _own(self, house: House) -> str | None:
        """One of its own released objects that stands."""
        books = self.judge.books[house.number].held(sorted(house.lowest))
        live = [
            stix_id
            for stix_id, versions in sorted(books.items())
            if not versions[-1].is_revoked and versions[-1].tlp != "red"
        ]
        live = [each for each in live if each in house.released]
        return self.chance.choice(live) if live else None

    def _give(self, house: House) -> str:
        tlp = self.chance.choice(_GIVEN)
        return f"{house.give(tlp)} {tlp.value}"

    def _edit(self, house: House) -> str | None:
        stix_id = self._own(house)
        if stix_id is not None:
            house.edit(stix_id, self._tlp_of(house, stix_id))
        return stix_id

    def _raise(self, house: House) -> str | None:
        stix_id = self._own(house)
        if stix_id is None:
            return None
        stricter = [each for each in Tlp if each > self._tlp_of(house, stix_id)]
        tlp = self.chance.choice(stricter) if stricter else None
        if tlp is None:
            return None
        house.edit(stix_id, tlp)
        return f"{stix_id} {tlp.value}"

    def _tlp_of(self, house: House, stix_id: str) -> Tlp:
        return Tlp(self.judge.books[house.number].held([stix_id])[stix_id][-1].tlp)

    def _recall(self, house: House) -> str | None:
        stix_id = self._own(house)
        if stix_id is not None:
            house.recall(stix_id)
        return stix_id

    def _sight(self, house: House) -> str | None:
        held = self.judge.books[house.number].held()
        theirs = [
            stix_id
            for stix_id, versions in sorted(held.items())
            if stix_id.startswith("indicator")
            and versions[-1].bringer is not None
            and not versions[-1].is_revoked
        ]
        if not theirs:
            return None
        stix_id = self.chance.choice(theirs)
        house.sight(stix_id)
        return stix_id

    def _hand_on(self, house: House) -> None:
        house.hand_on()

    def _suspend(self, house: House) -> str:
        other = self._other(house)
        if house.terms[other.number].suspended:
            return ""
        house.suspend(other, suspended=True)
        until = self.time.at + timedelta(hours=self.chance.uniform(0.5, 6))
        self.time.plan(until, lambda: house.suspend(other, suspended=False))
        return f"{other.slug} until {until:%d %H:%M}"

    def _end_agreement(self, house: House) -> str:
        """It ends by itself; most are made anew, some with other terms."""
        other = self._other(house)
        terms = house.terms[other.number]
        if terms.until is not None:
            return ""
        house.expects_end(other, timedelta(hours=self.chance.uniform(0.5, 4)))
        if self.chance.random() < 0.2:
            return f"with {other.slug}, for good"
        new = Terms(self.chance.choice(_CEILINGS), terms.transit)
        again = self.time.at + timedelta(hours=self.chance.uniform(6, 12))
        self.time.plan(again, lambda: self._agree_anew(house, other, new))
        return f"with {other.slug}, anew with {new.ceiling.value}"

    def _agree_anew(self, house: House, other: House, new: Terms) -> None:
        new.suspended = house.terms[other.number].suspended
        house.agree(other, new)

    def _rest(self, house: House) -> str:
        house.rest(resting=True)
        until = self.time.at + timedelta(hours=self.chance.uniform(1, 5))
        self.time.plan(until, lambda: house.rest(resting=False))
        return f"until {until:%d %H:%M}"

    def _step_clock(self, house: House) -> str:
        house.clock.wrong_by = timedelta(minutes=self.chance.choice(_STEPS_MIN))
        until = self.time.at + timedelta(hours=self.chance.uniform(0.5, 8))
        self.time.plan(until, lambda: setattr(house.clock, "wrong_by", timedelta()))
        return f"{house.clock.wrong_by} until {until:%d %H:%M}"

    def _other(self, house: House) -> House:
        known = sorted({b for a, b in self.pairs if a == house.number})
        return self.houses[self.chance.choice(known)]

    def _put_right(self) -> None:
        """All that was to come of it has come; nobody rests any more. What has ended for good stays so."""
        self.time.forward(timedelta(hours=13))
        for house in self.houses:
            house.clock.wrong_by = timedelta()
            house.rest(resting=False)
            for other in self.houses:
                if other.number in house.terms:
                    house.suspend(other, suspended=False)
        self.time.forward(timedelta(hours=2))  # longer than anybody was asked to wait

    def told(self) -> str:
        """For whom a test has failed."""
        return "\n".join([f"seed {self.seed}: {dict(self.wire.happened)}", *self.story[-60:]])


@contextmanager
def some_days(
    databases: Databases, backend: str, home: Path, seed: int, begin: datetime
) -> Iterator[Days]:
    """Three to five houses in a ring of pulls, some of them linked crosswise and by pushes."""
    chance = random.Random(seed)
    time = Time(begin)
    judge = Judge([], [])
    wire = Wire(time, chance, judge.watch)
    clocks = [HouseClock(time) for _ in range(chance.choice((3, 4, 4, 5)))]
    with ExitStack() as stack:
        programs = [
            stack.enter_context(databases.program(backend, home / f"house-{number}", clock))
            for number, clock in enumerate(clocks)
        ]
        stack.enter_context(drawn_ids(chance))  # after what is made once for all tests
        houses = [
            move_in(program, clock, number, wire)
            for number, (program, clock) in enumerate(zip(programs, clocks, strict=True))
        ]
        pairs = [(a, b) for a in range(len(houses)) for b in range(len(houses)) if a != b]
        for a, b in pairs:
            introduce(houses[a], houses[b])
            houses[a].agree(houses[b], Terms(chance.choice(_CEILINGS), chance.random() < 0.6))
        links = _links(len(houses), chance)
        for a, b, direction in links:
            connect(houses[a], houses[b], direction, chance.choice(_EVERY_S))
        numbers = {house.slug: house.number for house in houses}
        judge.houses = houses
        judge.books = [Books(house, numbers) for house in houses]
        yield Days(seed, time, wire, judge, houses, chance, pairs, links)


def _links(size: int, chance: random.Random) -> list[tuple[int, int, LinkDirection]]:
    found = [((n + 1) % size, n, LinkDirection.PULL) for n in range(size)]
    for a in range(size):
        for b in range(size):
            if a == b:
                continue
            if (a - 1) % size != b and chance.random() < 0.4:
                found.append((a, b, LinkDirection.PULL))
            if chance.random() < 0.4:
                found.append((a, b, LinkDirection.PUSH))
    return found
