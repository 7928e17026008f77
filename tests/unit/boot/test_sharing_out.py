"""Who gets a thread next."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cirt.boot.sharing_out import Job, Kind, Line, Round


class AChannel:
    def __init__(self, size: int = 0) -> None:
        self._size = size

    def prepare(self) -> int:
        return self._size

    def afterwards(self) -> Callable[[], None] | None:
        return None

    def service(self) -> None:
        """Nothing to do."""

    def cancel(self) -> None:
        """Nothing to undo."""


def a_line(threads: int = 4) -> Line:
    return Line(threads, threading.Condition(), Asked().settle)


def put(line: Line, *wanted: tuple[str, Kind]) -> list[Job]:
    jobs = [Job(AChannel(), asker, kind, line) for asker, kind in wanted]
    for job in jobs:
        line.append(job)
    return jobs


def start_all(line: Line) -> list[Job]:
    started = []
    while line:
        taken = line.popleft()
        started.append(taken.first if isinstance(taken, Round) else taken)
    return started


def test_askers_take_turns_whoever_sent_most() -> None:
    line = a_line(threads=4)
    put(line, *[("a", Kind.READ)] * 4, ("b", Kind.READ), ("c", Kind.READ))
    assert [job.asker for job in start_all(line)] == ["a", "b", "c"]


def test_one_peer_reads_and_sends_one_thing_at_a_time() -> None:
    line = a_line(threads=9)
    put(line, *[("a", Kind.READ)] * 9, *[("a", Kind.WRITE)] * 9, ("b", Kind.READ))

    started = [(job.asker, job.kind) for job in start_all(line)]

    assert started == [("a", Kind.READ), ("a", Kind.WRITE), ("b", Kind.READ)]
    assert len(line) == 16


def test_all_peers_together_leave_a_thread_to_pages() -> None:
    line = a_line(threads=4)
    put(line, *[(f"peer {n}", Kind.READ) for n in range(9)], ("desk", Kind.PAGE))

    kinds = [job.kind for job in start_all(line)]

    assert kinds.count(Kind.READ) == 3
    assert kinds.count(Kind.PAGE) == 1


def test_all_pages_together_leave_a_thread_to_peers() -> None:
    line = a_line(threads=4)
    put(line, *[(f"source {n}", Kind.PAGE) for n in range(9)], ("peer", Kind.READ))

    assert [job.kind for job in start_all(line)].count(Kind.READ) == 1


def test_those_who_send_leave_a_thread_to_those_who_read() -> None:
    line = a_line(threads=4)
    put(line, *[(f"peer {n}", Kind.WRITE) for n in range(9)], ("reader", Kind.READ))

    kinds = [job.kind for job in start_all(line)]

    assert kinds.count(Kind.WRITE) == 2
    assert kinds.count(Kind.READ) == 1


def test_health_is_asked_one_at_a_time_and_refusals_pass_by() -> None:
    line = a_line(threads=4)
    put(line, *[("monitor", Kind.HEALTH)] * 3, ("late", Kind.URGENT))

    assert [job.kind for job in start_all(line)] == [Kind.URGENT, Kind.HEALTH]


def test_what_is_done_makes_room_for_the_next() -> None:
    line = a_line(threads=2)
    first, second = put(line, ("a", Kind.READ), ("a", Kind.READ))
    assert start_all(line) == [first]
    assert line.present("a") == 2

    first.service()

    assert start_all(line) == [second]
    second.service()
    assert line.present("a") == 0


def test_a_single_thread_serves_every_kind_in_turn() -> None:
    line = a_line(threads=1)
    put(line, *((kind.value, kind) for kind in Kind))
    served = []

    while line:
        for job in start_all(line):
            served.append(job.kind)
            job.service()

    assert sorted(served) == sorted(Kind)


class Asked:
    """Channels whose answers hold ``size`` bytes to settle, and what became of them, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def channel(self, name: str, size: int) -> "Asks":
        return Asks(self, name, size)

    def settle(self, channels: Sequence[Any]) -> None:
        self.log.append("settle " + " ".join(channel.name for channel in channels))


@dataclass
class Asks:
    asked: Asked
    name: str
    size: int

    def prepare(self) -> int:
        self.asked.log.append(f"prepare {self.name}")
        return self.size

    def afterwards(self) -> Callable[[], None] | None:
        return lambda: self.asked.log.append(f"after {self.name}")

    def service(self) -> None:
        self.asked.log.append(f"send {self.name}")
        if self.name == "broken":
            raise OSError("gone")

    def cancel(self) -> None:
        self.asked.log.append(f"cancel {self.name}")


def a_round(*given: tuple[str, int]) -> tuple[Asked, Line]:
    """A line of readers, each with one request, of whom the first has been started."""
    asked = Asked()
    line = Line(4, threading.Condition(), asked.settle)
    for name, size in given:
        line.append(Job(asked.channel(name, size), name, Kind.READ, line))
    return asked, line


def test_what_waits_is_settled_in_one_go_and_sent_after() -> None:
    asked, line = a_round(("a", 10), ("b", 10), ("c", 10))

    line.popleft().service()

    expected = ["prepare a", "prepare b", "prepare c", "settle a b c", "send c", "send b", "send a"]
    assert asked.log == expected
    assert not line._present
    assert not line._busy


def test_what_has_nothing_to_settle_does_not_wait_for_the_rest() -> None:
    asked, line = a_round(("a", 10), ("empty", 0), ("c", 10))

    line.popleft().service()

    assert asked.log[:3] == ["prepare a", "prepare empty", "send empty"]
    assert asked.log[-3:] == ["settle a c", "send c", "send a"]


def test_a_round_ends_where_it_holds_enough() -> None:
    asked, line = a_round(("a", 700_000), ("b", 700_000), ("c", 10))

    line.popleft().service()

    assert "settle a b" in asked.log
    assert len(line) == 1


def test_what_breaks_takes_nothing_from_the_others() -> None:
    asked, line = a_round(("a", 10), ("broken", 10), ("c", 10))

    with pytest.raises(OSError, match="gone"):
        line.popleft().service()

    assert asked.log[-3:] == ["send c", "send broken", "send a"]
    assert not line._present


def test_what_cannot_be_settled_is_not_sent() -> None:
    asked, line = a_round(("a", 10), ("b", 10))

    def fails(_channels: Sequence[Any]) -> None:
        raise OSError("gone")

    line.settle = fails
    with pytest.raises(OSError, match="gone"):
        line.popleft().service()

    assert asked.log == ["prepare a", "prepare b", "cancel a", "cancel b"]
    assert not line._present


def test_what_is_done_afterwards_is_done_where_nobody_waits() -> None:
    asked, line = a_round(("a", 10))
    line.popleft().service()
    assert asked.log[-2:] == ["send a", "after a"]

    asked, line = a_round(("a", 2_000_000), ("b", 10))
    line.popleft().service()
    assert asked.log[-1] == "send a"
    assert len(line) == 1
