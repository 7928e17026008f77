"""``cirt up``: web processes and a worker under one parent, which starts them again when they die."""

import fcntl
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType

from cirt.boot.memory import spare_memory
from cirt.boot.serve import listen, serve
from cirt.kernel import log as logs
from cirt.kernel import schema
from cirt.kernel.errors import Conflict
from cirt.kernel.keys import make_key_file
from cirt.kernel.program import key_file, load_program
from cirt.kernel.settings import Settings
from cirt.kernel.text import mark
from cirt.kernel.work import SYSTEM
from cirt.parties.peers import is_founded
from cirt.worker import run_worker

log = logging.getLogger("cirt.up")
_PATIENCE_S = 25.0


class AlreadyUp(Conflict):
    code = "already-up"
    message = mark("Another cirt up is running on {place}. Stop it first.")


class PortTaken(Conflict):
    code = "port-taken"
    message = mark("{bind} cannot be used: {reason}. Choose another address with --bind.")


def run_up(settings: Settings) -> None:
    """Migrate (after a copy), then serve until SIGTERM or SIGINT."""
    logs.configure()
    lock = _Lock(settings.data_dir / "up.lock")
    _prepare(settings)
    listener = _listen(settings.bind)

    web = ("web", lambda: serve(load_program(settings), listener))
    worker = ("worker", lambda: _work(settings))
    with closing(lock), closing(listener):
        Family([web] * settings.workers + [worker]).run()


def _prepare(settings: Settings) -> None:
    """Migrate. In an empty place the key and the schema are made; until ``cirt init``, every page says so."""
    if not key_file(settings).exists() and schema.is_empty(settings):
        make_key_file(key_file(settings))
    program = load_program(settings)
    schema.migrate(program)
    with program.work(SYSTEM, write=False) as work:
        if not is_founded(work.session):
            log.warning("not-set-up", extra={"next": "cirt init"})
    program.engine.dispose()


def run_web(settings: Settings) -> None:
    """Web processes alone."""
    logs.configure()
    listener = _listen(settings.bind)
    with closing(listener):
        Family([("web", lambda: serve(load_program(settings), listener))] * settings.workers).run()


def run_one_worker(settings: Settings) -> None:
    """A worker alone."""
    logs.configure()
    _work(settings)


def _work(settings: Settings) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    run_worker(load_program(settings), stop)


class _Lock:
    """Held as long as the file is open; the system frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyUp(place=path.parent) from error

    def close(self) -> None:
        self._file.close()


def _listen(bind: str) -> socket.socket:
    try:
        return listen(bind)
    except OSError as error:
        raise PortTaken(bind=bind, reason=error.strerror or str(error)) from error
    except OverflowError as error:
        raise PortTaken(bind=bind, reason="ports end at 65535") from error


class Family:
    """Child processes that live and end together."""

    def __init__(self, members: list[tuple[str, Callable[[], None]]]) -> None:
        self._members = members
        self._children: dict[int, tuple[str, Callable[[], None]]] = {}
        self._ending = False
        self._pulse, self._heart = os.pipe()  # closed by the system however this process dies

    def run(self) -> None:
        """Start all; start again whoever dies; end all at SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        spare_memory()
        for member in self._members:
            self._start(*member)
        while self._children:
            pid, status = os.waitpid(-1, 0)
            name, task = self._children.pop(pid, ("", None))
            if task is None or self._ending:
                continue
            log.error("died", extra={"part": name, "status": os.waitstatus_to_exitcode(status)})
            time.sleep(1)
            if not self._ending:  # a signal may have come meanwhile
                self._start(name, task)

    def _start(self, name: str, task: Callable[[], None]) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = (name, task)
            if self._ending:  # between the fork and this line
                os.kill(pid, signal.SIGTERM)
            return
        os.close(self._heart)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent passes Ctrl-C on as SIGTERM
        threading.Thread(target=_end_with_parent, args=(self._pulse,), daemon=True).start()
        os._exit(_run_child(name, task))

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        if self._ending:
            return
        self._ending = True
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)
        signal.signal(signal.SIGALRM, self._kill)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)

    def _kill(self, _signal: int, _frame: FrameType | None) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)


def _end_with_parent(pulse: int) -> None:
    """A child whose parent was killed would hold port and lock for ever."""
    os.read(pulse, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _run_child(name: str, task: Callable[[], None]) -> int:
    try:
        task()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except (
        BaseException
    ):  # the last line of a child: whatever it was is logged, the parent starts a new one
        log.exception("failed", extra={"part": name})
        return 1
    return 0
