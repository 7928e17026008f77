"""The floor: the server program of ``cirt up`` as it is set there, answering fixed bytes from memory."""

import logging
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.support.processes import free_port

_READY_S = 30


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """``pages`` by their next token, the first by an empty one; any other path gets ``collection``."""

    pages: Mapping[str, Answer]
    collection: Answer


@contextmanager
def floor(
    answers: Answers, place: Path, data_dir: Path, processes: int
) -> Iterator[tuple[int, int]]:
    """Port and process id of a floor; ``data_dir`` lends the settings for the server."""
    place.mkdir(parents=True, exist_ok=True)
    file = place / "answers"
    file.write_bytes(pickle.dumps(answers))
    port = free_port()
    start = "from tests.bench.floor import main; main()"
    arguments = [str(part) for part in (data_dir, port, file, processes)]
    process = subprocess.Popen([sys.executable, "-c", start, *arguments])
    try:
        wait_for_port(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)
        file.unlink()


def wait_for_port(port: int) -> None:
    until = time.monotonic() + _READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 2).close()
        except OSError:
            assert time.monotonic() < until, "the floor did not start"
            time.sleep(0.05)
        else:
            return


def _application(answers: Answers) -> Callable[..., Iterable[bytes]]:
    def answer(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = answers.collection
        if environ["PATH_INFO"].endswith("/objects/"):
            token = parse_qs(environ["QUERY_STRING"]).get("next", [""])[0]
            found = answers.pages[token]
        start_response("200 OK", list(found.headers))
        return [found.body]

    return answer


def main() -> None:
    """In a process of its own; its arguments are data directory, port, file of Answers, processes."""
    from cirt.boot.processes import Family
    from cirt.boot.refusals import Prepared
    from cirt.boot.serve import listen, make_server
    from cirt.kernel.program import load_program
    from cirt.kernel.settings import read_settings

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    data_dir, port, file, processes = sys.argv[1:]
    application = _application(pickle.loads(Path(file).read_bytes()))
    listener = listen(f"127.0.0.1:{port}")
    settings = read_settings({}, Path(data_dir))

    def serve() -> None:
        server = make_server(load_program(settings), listener)
        server.application = Prepared(application)
        signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
        server.run()

    Family([("floor", serve)] * int(processes)).run()
