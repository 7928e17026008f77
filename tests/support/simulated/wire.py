"""The network between the instances: HTTP as bytes, from the client's socket into the other's application.

What is drawn for a request may lose it or its answer, cut that, bring it twice, or bring it late: then the
client has given up by the time at which the other takes it.
"""

import gzip
import io
import random
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, cast
from urllib.parse import unquote

from flask import Flask
from werkzeug.test import run_wsgi_app

from cirt.kernel.reaching import Limits
from tests.support.simulated.clocks import Killed, Time

CALM: Mapping[str, float] = {}
STORM: Mapping[str, float] = {
    "request-lost": 0.03,
    "answer-lost": 0.03,
    "cut": 0.02,
    "late": 0.03,
    "twice": 0.03,
    "again-later": 0.02,
    "busy": 0.02,
    "broken": 0.02,
    "slow": 0.05,
    "killed-before": 0.003,
    "killed-after": 0.003,
}
_BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n"
_BROKEN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Watcher(Protocol):
    """Sees the bodies that leave one house for another, at the moment at which they do."""

    def __call__(self, giver: int, reader: int, body: bytes) -> None: ...


@dataclass(slots=True)
class Wire:
    time: Time
    chance: random.Random
    watcher: Watcher
    weather: Mapping[str, float] = field(default_factory=dict)
    apps: dict[int, Flask] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    def dial_of(self, house: int) -> Callable[..., socket.socket]:
        """How this house reaches others: house n listens at 127.0.1.n."""

        def dial(_family: Any, address: tuple[str, int], _limits: Limits) -> socket.socket:
            other = int(address[0].rpartition(".")[2])
            return cast("socket.socket", _Line(self, house, other))

        return dial

    def carry(self, sender: int, receiver: int, request: bytes) -> bytes:
        """What the sender gets back; fewer bytes than there should be where the connection breaks."""
        if request.startswith(b"POST "):  # from here on it is out of the house
            self.watcher(sender, receiver, request.partition(b"\r\n\r\n")[2])
        drawn = self._draw()
        self.happened[drawn] += 1
        answer = self._on_the_way(drawn, sender, receiver, request)
        if answer is None:
            answer = self._answer(sender, receiver, request)
        return self._on_the_way_back(drawn, answer)

    def _on_the_way(self, drawn: str, sender: int, receiver: int, request: bytes) -> bytes | None:
        """What comes back although the receiver has answered nothing; None where it is to be asked."""
        match drawn:
            case "request-lost":
                return b""
            case "late":
                self._later(sender, receiver, request)
                return b""
            case "busy":
                return _BUSY % self.chance.choice((5, 50, 300, 7200))
            case "broken":
                return _BROKEN
            case "killed-before":
                raise Killed
            case "again-later":
                self._later(sender, receiver, request)
            case "twice":
                self._answer(sender, receiver, request)
            case "slow":
                self.time.forward(timedelta(seconds=self.chance.uniform(1, 50)))
        return None

    def _on_the_way_back(self, drawn: str, answer: bytes) -> bytes:
        match drawn:
            case "answer-lost":
                return b""
            case "cut":
                return answer[: self.chance.randrange(len(answer))] if answer else answer
            case "killed-after":
                raise Killed
        return answer

    def _draw(self) -> str:
        at = self.chance.random()
        for name, share in self.weather.items():
            at -= share
            if at < 0:
                return name
        return "passed"

    def _later(self, sender: int, receiver: int, request: bytes) -> None:
        at = self.time.at + timedelta(minutes=self.chance.uniform(1, 120))

        def arrive() -> None:
            self._answer(sender, receiver, request)

        self.time.plan(at, arrive)

    def _answer(self, sender: int, receiver: int, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        content, status, headers = run_wsgi_app(
            self.apps[receiver], _environ(head, body, sender, receiver), buffered=True
        )
        answer = b"".join(content)
        if head.startswith(b"GET ") and status.startswith("200"):
            packed = headers.get("Content-Encoding") == "gzip"
            self.watcher(receiver, sender, gzip.decompress(answer) if packed else answer)
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode() + answer


class _Line:
    """What http.client and our watch over it use of a socket."""

    def __init__(self, wire: Wire, sender: int, receiver: int) -> None:
        self._wire, self._ends = wire, (sender, receiver)
        self._said = b""

    def sendall(self, data: bytes) -> None:
        self._said += data

    def makefile(self, *_args: Any) -> io.BufferedReader:
        """Asked for when the request is out and its answer is to be read."""
        said, self._said = self._said, b""
        answer: Any = io.BytesIO(self._wire.carry(*self._ends, said))
        return io.BufferedReader(answer)

    def dup(self) -> "_Line":
        return self

    def shutdown(self, _how: int) -> None:
        return None

    def close(self) -> None:
        return None


def _environ(head: bytes, body: bytes, sender: int, receiver: int) -> dict[str, Any]:
    first, *lines = head.decode().split("\r\n")
    method, target, version = first.split(" ")
    path, _, query = target.partition("?")
    headers = dict(line.split(": ", 1) for line in lines)
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "SERVER_NAME": f"127.0.1.{receiver}",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": version,
        "REMOTE_ADDR": f"127.0.1.{sender}",
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": headers.get("Content-Length", ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **named,
    }
