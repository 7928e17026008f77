"""Pairs of acts on one release at the same moment, each in a connection of its own, in threads or in processes.

What came of them is judged in ``race_judge``.
"""

import json
import multiprocessing
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.db import make_engine
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.settings import read_settings
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, Work
from cirt.parties.accounts import set_roles
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from cirt.release.asking import ask_release
from cirt.release.collections import add_member, find_collection
from cirt.release.commands import AskRelease, DecideRelease, WithdrawRelease
from cirt.release.deciding import decide_release, withdraw_release
from cirt.release.models import ProposalState, Ruling
from cirt.sharing.agreements.service import end_agreement
from tests.support.databases import TEST_KEYS
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, revised
from tests.support.store import a_peer, an_agreement, put

WIDEST_S = (
    0.02  # how far from the point where both come first as often the one may begin after the other
)
_STEP_S = 0.005  # by which that point is searched for
TOGETHER = 50  # pairs are made so many in a transaction


class Act(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"  # of the object
    WITHDRAW = "withdraw"
    ROLE = "role"  # of the approver, taken
    AGREEMENT = "agreement"  # ended
    MEMBER = "member"  # added


@dataclass(frozen=True, slots=True)
class Team:
    tomas: Actor  # asks
    ada: Actor  # approves first, where two are needed
    irena: Actor  # approves in the race
    petra: Actor  # approves at the same moment


class Room(NamedTuple):
    """A collection with one member."""

    alias: str
    peer: str
    agreement: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One release that waits for its last approval, and what happens to it at that moment.

    Where two approvals are raced and both are needed, none is given before.
    """

    number: int
    act: Act
    needed: int
    given: int
    room: Room
    reference: str
    digest: str
    stix_id: str
    raw: bytes
    late: str  # slug of who may become a member

    @property
    def both_raced(self) -> bool:
        return self.needed - self.given == 2


def a_team(program: Program) -> Team:
    return Team(
        a_person(program, "Tomas", Role.HANDLER),
        a_person(program, "Ada", Role.LEAD),
        a_person(program, "Irena", Role.LEAD),
        a_person(program, "Petra", Role.LEAD),
    )


def some_pairs(program: Program, team: Team, act: Act, numbers: Sequence[int]) -> list[Pair]:
    """Half of them need two approvals, of which one is given."""
    return [
        pair
        for start in range(0, len(numbers), TOGETHER)
        for pair in _made_together(program, team, act, numbers[start : start + TOGETHER])
    ]


def _made_together(program: Program, team: Team, act: Act, numbers: Sequence[int]) -> list[Pair]:
    with program.work(CONSOLE) as work:
        rooms = _rooms(work, act, numbers)
        things = [
            our_indicator(work, f"198.51.{number // 250}.{number % 250}", _level(number))
            for number in numbers
        ]
        put(work, *things)
    with program.work(team.tomas) as work:
        asked = [
            ask_release(
                work, AskRelease("A wave", "Early warning", (room.alias,), (one.stix_id,))
            ).reference
            for room, one in zip(rooms, things, strict=True)
        ]
    digests = _digests(program)
    pairs = [
        Pair(
            number,
            act,
            _needed(number),
            _given(act, number),
            room,
            reference,
            digests[reference],
            one.stix_id,
            one.raw,
            f"late{number}",
        )
        for number, room, one, reference in zip(numbers, rooms, things, asked, strict=True)
    ]
    with program.work(team.ada) as work:
        for pair in pairs:
            if pair.given:
                decide_release(work, _approval(pair))
    return pairs


def _rooms(work: Work, act: Act, numbers: Sequence[int]) -> list[Room]:
    """Of each its own where the act is about the collection or the peer; else one for all."""
    if act not in (Act.AGREEMENT, Act.MEMBER):
        return [_room(work, numbers[0])] * len(numbers)
    if act is Act.MEMBER:
        for number in numbers:
            a_reader(work, f"late{number}", ceiling=Tlp.AMBER_STRICT)
    return [_room(work, number) for number in numbers]


def _room(work: Work, number: int) -> Room:
    peer = a_peer(work, f"peer{number}")
    agreement = an_agreement(work, peer, ceiling=Tlp.AMBER_STRICT)
    a_collection(work, peer, alias=f"wave{number}")
    return Room(f"wave{number}", peer.slug, agreement.reference)


def _needed(number: int) -> int:
    return 1 + number % 2


def _given(act: Act, number: int) -> int:
    """Before the race: all that are needed but one; or none, where two are raced."""
    return 0 if act is Act.APPROVE and number % 4 == 3 else _needed(number) - 1


def _level(number: int) -> Tlp:
    return Tlp.AMBER_STRICT if _needed(number) == 2 else Tlp.GREEN


def _digests(program: Program) -> dict[str, str]:
    """What each request was shown with, as the trail has it."""
    query = sa.text(
        "SELECT subject, facts FROM audit_entry WHERE act = 'release.ask' ORDER BY seq DESC LIMIT :most"
    )
    with program.engine.connect() as connection:
        rows = connection.execute(query, {"most": TOGETHER}).all()
    return {row.subject: json.loads(row.facts)["digest"] for row in rows}


def _approval(pair: Pair) -> DecideRelease:
    return DecideRelease(pair.reference, Ruling.APPROVED, "", pair.digest)


def run_approval(program: Program, pair: Pair, actor: Actor) -> bool:
    """Whether it published."""
    with program.work(actor) as work:
        return decide_release(work, _approval(pair)).state is ProposalState.RELEASED


def run_other(program: Program, team: Team, pair: Pair) -> None:
    """The act beside the approval. One that leaves no line of its own in the trail leaves one here."""
    if pair.act is Act.APPROVE:
        run_approval(program, pair, team.petra)
    elif pair.act is Act.WITHDRAW:
        with program.work(team.tomas) as work:
            withdraw_release(work, WithdrawRelease(pair.reference))
    elif pair.act is Act.EDIT:
        with program.work(CONSOLE) as work:
            put(work, revised(pair.raw, program, name="Another name"))
            work.audit("race.edit", pair.stix_id)
    elif pair.act is Act.ROLE:
        with program.work(CONSOLE) as work:
            set_roles(work, "irena@ex-cirt.example", frozenset({Role.HANDLER}))
            work.audit("race.role", pair.reference)
    elif pair.act is Act.AGREEMENT:
        with program.work(CONSOLE) as work:
            end_agreement(work, pair.room.agreement)
    else:
        with program.work(CONSOLE) as work:
            collection = find_collection(work.session, pair.room.alias)
            add_member(work, collection, find_peer(work.session, pair.late))


class Took(NamedTuple):
    """From when to when one half was at work, by a clock that all processes share."""

    began: float
    ended: float
    published: bool


class Met(NamedTuple):
    at_once: bool  # both were at work at the same time
    approval_first: bool


class Runner(Protocol):
    def __call__(self, pair: Pair, delays: tuple[float, float]) -> Met: ...


class Lead:
    """By how much the one side begins after the other: around the point where either comes first as often as not, which
    hangs on the act and on the machine and is searched for while pairs run.
    """

    def __init__(self, act: Act) -> None:
        self._draw = random.Random(act)
        self._middle_s = 0.0

    def delays(self) -> tuple[float, float]:
        """Of the approval, of the other act."""
        late = self._middle_s + self._draw.uniform(-WIDEST_S, WIDEST_S)
        return max(0.0, late), max(0.0, -late)

    def learn(self, met: Met) -> None:
        self._middle_s += _STEP_S if met.approval_first else -_STEP_S


def run_side(program: Program, team: Team, pair: Pair, side: int, delay: float) -> Took:
    """One half of a pair. It may be refused; what came of it is read from the trail."""
    time.sleep(delay)
    began, published = time.monotonic(), False
    with suppress(CirtError):
        if side == 0:
            published = run_approval(program, pair, team.irena)
        else:
            run_other(program, team, pair)
    return Took(began, time.monotonic(), published)


def met(pair: Pair, approval: Took, other: Took) -> Met:
    at_once = approval.began < other.ended and other.began < approval.ended
    return Met(at_once, approval.published != pair.both_raced)  # the second of two publishes


@contextmanager
def in_threads(program: Program, team: Team) -> Iterator[Runner]:
    barrier = threading.Barrier(2)

    def half(pair: Pair, side: int, delay: float) -> Took:
        barrier.wait()
        return run_side(program, team, pair, side, delay)

    with ThreadPoolExecutor(2) as both:

        def run(pair: Pair, delays: tuple[float, float]) -> Met:
            halves = [both.submit(half, pair, side, delays[side]) for side in (0, 1)]
            return met(pair, *(each.result() for each in halves))

        yield run


@contextmanager
def in_processes(program: Program, team: Team) -> Iterator[Runner]:
    """Two processes, each with an engine of its own on the same database."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    url, now = program.settings.database_url, program.clock.now()
    with ExitStack() as stack:
        pipes = []
        for side in (0, 1):
            ours, theirs = context.Pipe()
            arguments = (url, str(program.settings.data_dir), now, team, side, barrier, theirs)
            process = context.Process(target=_serve, args=arguments)
            process.start()
            stack.callback(process.join, 30)
            stack.callback(ours.send, None)
            pipes.append(ours)

        def run(pair: Pair, delays: tuple[float, float]) -> Met:
            for pipe, delay in zip(pipes, delays, strict=True):
                pipe.send((pair, delay))
            said = [pipe.recv() for pipe in pipes]
            assert [each for each in said if not isinstance(each, Took)] == []
            return met(pair, *said)

        yield run


def _serve(
    url: str, data_dir: str, now: Any, team: Team, side: int, barrier: Any, pipe: Any
) -> None:
    engine = make_engine(url)
    settings = read_settings({"CIRT_DATABASE_URL": url}, Path(data_dir))
    program = Program(settings, engine, TEST_KEYS, FakeClock(now))
    while (asked := pipe.recv()) is not None:
        barrier.wait()
        pair, delay = asked
        try:
            pipe.send(run_side(program, team, pair, side, delay))
        except Exception as error:  # noqa: BLE001 - told to the test
            pipe.send(repr(error))
    engine.dispose()


def mend(program: Program, pair: Pair) -> None:
    """What the next pair needs as it was."""
    if pair.act is Act.ROLE:
        with program.work(CONSOLE) as work:
            set_roles(work, "irena@ex-cirt.example", frozenset({Role.LEAD}))
