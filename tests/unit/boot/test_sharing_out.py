"""Who gets a thread next."""

import threading

from cirt.boot.sharing_out import Job, Kind, Line


class AChannel:
    def service(self) -> None:
        """Nothing to do."""

    def cancel(self) -> None:
        """Nothing to undo."""


def a_line(threads: int = 4) -> Line:
    return Line(threads, threading.Condition())


def put(line: Line, *wanted: tuple[str, Kind]) -> list[Job]:
    jobs = [Job(AChannel(), asker, kind, line) for asker, kind in wanted]
    for job in jobs:
        line.append(job)
    return jobs


def start_all(line: Line) -> list[Job]:
    started = []
    while line:
        started.append(line.popleft())
    return started


def test_askers_take_turns_whoever_sent_most() -> None:
    line = a_line(threads=9)
    put(line, *[("a", Kind.READ)] * 4, ("b", Kind.READ), ("c", Kind.READ))

    assert [job.asker for job in start_all(line)] == ["a", "b", "c", "a", "a", "a"]


def test_one_peer_leaves_a_thread_to_another() -> None:
    line = a_line(threads=4)
    put(line, *[("a", Kind.READ)] * 9, ("b", Kind.READ))

    assert [job.asker for job in start_all(line)] == ["a", "b", "a"]
    assert len(line) == 7


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
        job = line.popleft()
        served.append(job.kind)
        job.service()

    assert sorted(served) == sorted(Kind)
