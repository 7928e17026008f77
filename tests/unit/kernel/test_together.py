"""What many threads ask for at once is done in few acts, and everybody gets their own result."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cirt.kernel.together import Together


class Slow:
    """Doubles numbers; each act lasts until it is let go."""

    def __init__(self) -> None:
        self.acts: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.acts.append(list(items))
        self.begun.release()
        assert self.go.acquire(timeout=20)
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


def test_those_that_come_meanwhile_are_done_together() -> None:
    act = Slow()
    together = Together(act)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together.do, 0)
        assert act.begun.acquire(timeout=20)
        others = [pool.submit(together.do, number) for number in range(1, 9)]
        while len(together._gathering) < 8:
            time.sleep(0.001)
        act.go.release(2)
        assert first.result(20) == 0
        assert [one.result(20) for one in others] == [2 * number for number in range(1, 9)]

    assert act.acts[0] == [0]
    assert sorted(act.acts[1]) == list(range(1, 9))


def test_an_error_reaches_whose_it_is_and_nobody_else() -> None:
    act = Slow()
    together = Together(act)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(together.do, 1)
        assert act.begun.acquire(timeout=20)
        others = [pool.submit(together.do, number) for number in (13, 2)]
        while len(together._gathering) < 2:
            time.sleep(0.001)
        act.go.release(5)
        assert first.result(20) == 2
        with pytest.raises(ValueError, match="thirteen"):
            others[0].result(20)
        assert others[1].result(20) == 4
    assert together.do(4) == 8


def test_many_threads_lose_nothing() -> None:
    together: Together[int, int] = Together(lambda items: [item + 1 for item in items])
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together.do, range(5000))) == list(range(1, 5001))
