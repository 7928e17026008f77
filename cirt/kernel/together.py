"""Many threads, one act: what a commit costs is paid once for all that wait for one."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Together(Generic[_Item, _Result]):
    """While one thread acts for those that came before, the next ones gather; one of them acts for all of them.

    ``act`` gets items in the order in which they came and gives a result for each. Where it raises, it is asked
    again for each of them alone.
    """

    def __init__(self, act: Callable[[Sequence[_Item]], Sequence[_Result]]) -> None:
        self._act = act
        self._lock = threading.Lock()
        self._gathering: list[_Turn[_Item, _Result]] = []
        self._acting = False

    def do(self, item: _Item) -> _Result:
        """The result for this item, once the act of which it was a part has ended."""
        turn: _Turn[_Item, _Result] = _Turn(item)
        with self._lock:
            self._gathering.append(turn)
            waits, self._acting = self._acting, True
        if waits:
            turn.called.wait()
        if not turn.done:
            self._act_for_all()
        return turn.take()

    def _act_for_all(self) -> None:
        with self._lock:
            turns, self._gathering = self._gathering, []
        if not self._try(turns) and len(turns) > 1:
            for turn in turns:  # one of them is at fault; the others shall not suffer for it
                self._try([turn])
        for turn in turns:
            turn.done = True
            turn.called.set()
        with self._lock:
            self._acting = bool(self._gathering)
            if self._gathering:
                self._gathering[0].called.set()

    def _try(self, turns: "Sequence[_Turn[_Item, _Result]]") -> bool:
        try:
            results = self._act([turn.item for turn in turns])
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits, who raises it
            turns[0].error = error
            return False
        for turn, result in zip(turns, results, strict=True):
            turn.results.append(result)
            turn.error = None
        return True


class _Turn(Generic[_Item, _Result]):
    def __init__(self, item: _Item) -> None:
        self.item = item
        self.called = threading.Event()  # it is done, or its thread shall act
        self.done = False
        self.results: list[_Result] = []
        self.error: BaseException | None = None

    def take(self) -> _Result:
        if self.error is not None:
            raise self.error
        return self.results[0]
