"""A feed against a model: dates, first and last, and walks that meet each row once while others write."""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field, replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, ActorKind
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.release.collections import find_collection
from cirt.release.errors import NoSuchObject
from cirt.release.filters import Filter
from cirt.release.models import Collection, CollectionKind, Feed, FeedRow
from cirt.release.publishing import publish
from cirt.release.removal import remove_object
from cirt.release.settling import offer_missing
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from tests.conftest import NOON
from tests.support.agreeing import agreement_in_force
from tests.support.release import ALL, a_collection, a_reader, read_page
from tests.support.store import indicator, put

LAST = Filter()
_numbers = itertools.count(1)  # a number of its own for every example: they share a database

objects = st.integers(0, 2)
versions = st.integers(1, 4)
steps = st.one_of(
    st.tuples(st.just("post"), st.lists(st.tuples(objects, versions), min_size=1, max_size=4)),
    st.tuples(st.just("remove"), st.tuples(objects, st.one_of(st.just(0), versions))),
    st.tuples(st.just("read"), st.integers(1, 3)),
    st.tuples(st.just("clock"), st.sampled_from([-3600, 0, 1])),
    st.tuples(st.just("ceiling"), st.sampled_from([Tlp.CLEAR, Tlp.AMBER])),
)


@dataclass
class Walker:
    """A client that reads on from where it was: by the last date shown, by our token, or with both.

    It asks for each page twice, as after a lost answer.
    """

    wanted: Filter
    by_token: bool
    endpoint: str = "objects"
    after_us: int | None = None
    shown_us: int | None = None
    met: list[int] = field(default_factory=list)  # dates

    def read(self, program: Program, peer: Peer, alias: str, limit: int) -> bool:
        asked = replace(self.wanted, added_after_us=self.shown_us)
        after_us = self.after_us if self.by_token else None
        first, answer = (
            read_page(
                program, peer, alias, asked, after_us=after_us, limit=limit, endpoint=self.endpoint
            )
            for _ in range(2)
        )
        assert (answer.rows, answer.more) == (first.rows, first.more)
        self.met += [row.date_us for row in answer.rows]
        if answer.rows:
            self.after_us, self.shown_us = answer.position_us, answer.rows[-1].date_us
        return answer.more


@dataclass
class Space:
    """One shared collection: its poster, its reader and what should stand in it."""

    program: Program
    clock: FakeClock
    alias: str
    base: int
    poster: Peer
    reader: Peer
    standing: set[tuple[int, int]] = field(default_factory=set)
    was_narrow: bool = False  # then older versions may have been lost for good
    walkers: list[Walker] = field(
        default_factory=lambda: [
            Walker(wanted, by_token, endpoint)
            for wanted in (ALL, LAST)
            for by_token in (False, True)
            for endpoint in ("objects", "manifest")
        ]
    )

    def act(self, step: tuple[str, object]) -> None:
        match step:
            case ("post", list(wanted)):
                self._post(wanted)
            case ("remove", (int(number), int(day))):
                self._remove(number, day)
            case ("read", int(limit)):
                for walker in self.walkers:
                    walker.read(self.program, self.reader, self.alias, limit)
            case ("clock", int(seconds)):
                self.clock.forward(seconds=seconds)
            case ("ceiling", Tlp() as ceiling):
                self.limit(ceiling)

    def limit(self, ceiling: Tlp) -> None:
        """What the reader may see; everything here is GREEN."""
        self.was_narrow |= ceiling < Tlp.GREEN
        with self.program.work(CONSOLE) as work:
            agreement = agreement_in_force(work.session, self.reader.id, work.now)
            assert agreement is not None
            change_agreement(work, ChangeAgreement(agreement.reference, ceiling=ceiling))
            offer_missing(work, self.reader.id)

    def _as_poster(self) -> Actor:
        return Actor(ActorKind.PEER, self.poster.id, self.poster.slug)

    def _post(self, wanted: list[tuple[int, int]]) -> None:
        made = [indicator(self.base + n, day=d, tlp=Tlp.GREEN) for n, d in wanted]
        with self.program.work(self._as_poster()) as work:
            ids = [stored.version_id for stored in put(work, *made, origin=self.poster)]
            collection = find_collection(work.session, self.alias)
            publish(work, collection, ids, brought_by=self.poster)
        self.standing |= set(wanted)

    def _remove(self, number: int, day: int) -> None:
        gone = {each for each in self.standing if each[0] == number and day in (0, each[1])}
        stix_id = indicator(self.base + number).stix_id
        instants = (indicator(1, day=day).version_us,) if day else ("all",)
        with self.program.work(self._as_poster()) as work:
            collection = find_collection(work.session, self.alias)
            try:
                remove_object(work, self.poster, collection, stix_id, Filter(versions=instants))
            except NoSuchObject:
                assert not gone
        self.standing -= gone

    def objects(self) -> set[int]:
        """Keys of the objects that stand."""
        names = [indicator(self.base + number).stix_id for number, _ in self.standing]
        with self.program.work(CONSOLE, write=False) as work:
            query = sa.select(StixObject.id).where(StixObject.stix_id.in_(names))
            return set(work.session.scalars(query))

    def rows(self) -> list[tuple[FeedRow, ObjectVersion]]:
        with self.program.work(CONSOLE, write=False) as work:
            query = (
                sa.select(FeedRow, ObjectVersion)
                .join(Feed, Feed.id == FeedRow.feed_id)
                .join(Collection, Collection.id == Feed.collection_id)
                .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
                .where(Collection.alias == self.alias, Feed.peer_id == self.reader.id)
                .order_by(FeedRow.date_us)
            )
            return [(row[0], row[1]) for row in work.session.execute(query)]


def a_space(program: Program, clock: FakeClock) -> Space:
    number = next(_numbers)
    clock.at = NOON
    with program.work(CONSOLE) as work:
        poster, reader = a_reader(work, f"poster-{number}"), a_reader(work, f"reader-{number}")
        alias = f"space-{number}"
        a_collection(work, poster, reader, alias=alias, kind=CollectionKind.SHARED)
    return Space(program, clock, alias, number * 10, poster, reader)


def check_flags(space: Space) -> None:
    """First and last of each object are those of the rows that stand open."""
    standing: dict[int, list[tuple[FeedRow, ObjectVersion]]] = defaultdict(list)
    for row, version in space.rows():
        if row.closed_us is None:
            standing[row.object_id].append((row, version))
    for together in standing.values():
        instants = [version.version_us for _, version in together]
        for row, version in together:
            assert row.is_first == (version.version_us == min(instants))
            assert row.is_last == (version.version_us == max(instants))
    assert space.was_narrow or sum(map(len, standing.values())) == len(space.standing)


@pytest.fixture
def spaces(program: Program, clock: FakeClock) -> tuple[Program, FakeClock]:
    return program, clock


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=st.lists(steps, min_size=3, max_size=14))
def test_a_feed_is_as_its_model_and_every_walk_meets_each_row_once(
    spaces: tuple[Program, FakeClock], plan: list[tuple[str, object]]
) -> None:
    space = a_space(*spaces)
    known: set[int] = set()
    for step in plan:
        space.act(step)
        dates = [row.date_us for row, _ in space.rows()]
        fresh = set(dates) - known
        assert len(dates) == len(set(dates))
        assert min(fresh, default=0) > max(known, default=0) or not fresh
        known |= fresh
        check_flags(space)
    space.limit(Tlp.AMBER)
    for walker in space.walkers:
        while walker.read(space.program, space.reader, space.alias, 2):
            pass

    rows = space.rows()
    assert {row.object_id for row, _ in rows if row.closed_us is None} == space.objects()
    open_dates = {row.date_us for row, _ in rows if row.closed_us is None}
    last_dates = {row.date_us for row, _ in rows if row.closed_us is None and row.is_last}
    for walker in space.walkers:
        assert len(walker.met) == len(set(walker.met)), "a row was met twice"
        assert walker.met == sorted(walker.met)
        due = open_dates if walker.wanted is ALL else last_dates
        assert due <= set(walker.met), "a row was lost"
        assert set(walker.met) <= {row.date_us for row, _ in rows}
