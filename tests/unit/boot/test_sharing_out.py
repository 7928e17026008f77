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
        self.fail_to_settle: set[str] = set()

    def settle(self, channels: Sequence[Any]) -> Sequence[bool]:
        names = [channel.name for channel in channels]
        self.log.append("settle " + " ".join(names))
        if "disk" in self.fail_to_settle:
            raise OSError("gone")
        return [name not in self.fail_to_settle for name in names]


@dataclass
class Asks:
    asked: Asked
    name: str
    size: int

    def prepare(self) -> int:
        self.asked.log.append(f"prepare {self.name}")
        if self.name == "worse":
            raise OSError("gone")
        return self.size

    def afterwards(self) -> Callable[[], None] | None:
        return lambda: self.asked.log.append(f"after {self.name}")

    def service(self) -> None:
        self.asked.log.append(f"send {self.name}")
        if self.name == "broken":
            raise OSError("gone")

    def cancel(self) -> None:
        self.asked.log.append(f"cancel {self.name}")


def a_round(*given: tuple[str, int], kind: Kind = Kind.READ) -> tuple[Asked, Line]:
    """A line of readers, each with one request."""
    asked = Asked()
    line = Line(4, threading.Condition(), asked.settle)
    for name, size in given:
        line.append(Job(Asks(asked, name, size), name, kind, line))
    return asked, line


def assert_free(line: Line) -> None:
    assert not line._present
    assert not line._busy
    assert not +line._working


def test_what_waits_is_settled_in_one_go_and_sent_after() -> None:
    asked, line = a_round(("a", 10), ("b", 10), ("c", 10))

    line.popleft().service()

    expected = ["prepare a", "prepare b", "prepare c", "settle a b c", "send a", "send b", "send c"]
    assert asked.log == expected
    assert_free(line)


def test_what_has_nothing_to_settle_does_not_wait_for_the_rest() -> None:
    asked, line = a_round(("a", 10), ("empty", 0), ("c", 10))

    line.popleft().service()

    assert asked.log[:3] == ["prepare a", "prepare empty", "send empty"]
    assert asked.log[-3:] == ["settle a c", "send a", "send c"]
    assert_free(line)


def test_a_round_ends_where_it_holds_enough() -> None:
    asked, line = a_round(("a", 700_000), ("b", 700_000), ("c", 10))

    line.popleft().service()

    assert "settle a b" in asked.log
    assert len(line) == 1


def test_a_round_takes_no_more_of_whom_another_thread_serves() -> None:
    asked, line = a_round(("a", 10), ("b", 10))
    line.append(Job(Asks(asked, "a", 10), "a", Kind.READ, line))
    line.append(Job(Asks(asked, "b", 10), "b", Kind.READ, line))
    first, second = line.popleft(), line.popleft()

    first.service()
    assert asked.log[:3] == ["prepare a", "prepare a", "settle a a"]
    second.service()

    assert_free(line)


def test_nobody_else_is_served_beside_those_of_a_round() -> None:
    asked, line = a_round(("a", 10), ("b", 10))
    taken = line.popleft()
    assert isinstance(taken, Round)
    rider = line.next_reading(taken._lanes)
    assert rider is not None
    taken._unsent.append(rider)
    line.append(Job(Asks(asked, "b", 10), "b", Kind.READ, line))

    assert not line


def test_writes_and_strangers_do_not_ride() -> None:
    asked, line = a_round(("a", 10))
    line.append(Job(Asks(asked, "198.51.100.7", 10), "198.51.100.7", Kind.READ, line, alone=True))
    line.append(Job(Asks(asked, "b", 10), "b", Kind.WRITE, line))

    line.popleft().service()

    assert asked.log == ["prepare a", "settle a", "send a"]
    for job in start_all(line):
        job.service()
    assert asked.log[3:] == ["send 198.51.100.7", "send b"]
    assert_free(line)


def test_what_breaks_takes_nothing_from_the_others() -> None:
    asked, line = a_round(("a", 10), ("broken", 10), ("c", 10))

    line.popleft().service()

    assert asked.log[-4:] == ["send a", "send broken", "cancel broken", "send c"]
    assert_free(line)


@pytest.mark.parametrize("names", [("a", "worse"), ("worse",)])
def test_what_cannot_be_prepared_is_given_up_and_leaves_no_thread_taken(
    names: tuple[str, ...],
) -> None:
    asked, line = a_round(*((name, 10) for name in names))

    with pytest.raises(OSError, match="gone"):
        line.popleft().service()

    assert asked.log[-len(names) :] == [f"cancel {name}" for name in names]
    assert_free(line)


def test_what_was_not_settled_is_answered_alone_and_nobody_waits_for_it() -> None:
    asked, line = a_round(("a", 10), ("late", 10), ("c", 10))
    asked.fail_to_settle = {"late"}

    line.popleft().service()

    assert asked.log[-3:] == ["settle a late c", "send a", "send c"]
    [late] = start_all(line)
    late.service()
    assert asked.log[-1] == "send late"
    assert_free(line)


def test_what_cannot_be_settled_is_not_sent() -> None:
    asked, line = a_round(("a", 10), ("b", 10))
    asked.fail_to_settle = {"disk"}

    with pytest.raises(OSError, match="gone"):
        line.popleft().service()

    assert asked.log[-2:] == ["cancel a", "cancel b"]
    assert_free(line)


def test_what_is_done_afterwards_is_done_where_no_reader_waits() -> None:
    asked, line = a_round(("a", 10))
    line.popleft().service()
    assert asked.log[-2:] == ["send a", "after a"]
    assert_free(line)

    asked, line = a_round(("a", 2_000_000))
    line.append(Job(Asks(asked, "a", 10), "a", Kind.READ, line))  # may not start yet, and waits
    line.popleft().service()
    assert asked.log[-1] == "send a"
    assert len(line) == 1
