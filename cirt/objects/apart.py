"""Reads many objects in a process of its own: another core reads while this one stores.

The process gets bytes and gives facts back. It knows no settings and no secrets, and opens neither files nor
connections. It ends when its pipe does, so also when the program is killed.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

import msgspec

from cirt.objects.codec import Read, Refusal, StixObject, read_all

_LENGTH = 4  # bytes before each message that say how many follow
_BEHIND = 10  # whoever waits for an answer goes first: the desk, the database
_NEEDED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")  # of our environment; no secrets

_encode = msgspec.msgpack.Encoder().encode
_pieces = msgspec.msgpack.Decoder(list[bytes])
_read = msgspec.msgpack.Decoder(list[StixObject | Refusal])


class ProcessGone(Exception):
    """The other process has ended, or gave no answer that can be read. What it was to read is still here."""


class Apart:
    """The other process. One caller at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", __name__],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the program, which then closes the pipe
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_all(self, pieces: Sequence[bytes]) -> list[Read]:
        """As ``codec.read_all`` does.

        Raises:
            ProcessGone.
        """
        given, answers = self._process.stdin, self._process.stdout
        if given is None or answers is None:
            raise ProcessGone
        try:
            _send(given, _encode(pieces))
            return _read.decode(_receive(answers))
        except (OSError, EOFError, msgspec.DecodeError) as error:
            raise ProcessGone from error


def _send(out: IO[bytes], message: bytes) -> None:
    out.write(len(message).to_bytes(_LENGTH, "big"))
    out.write(message)
    out.flush()


def _receive(into: IO[bytes]) -> bytes:
    """
    Raises:
        EOFError: the other side has ended.
    """
    length = int.from_bytes(into.read(_LENGTH), "big")
    message = into.read(length)
    if not length or len(message) < length:
        raise EOFError
    return message


def _serve(given: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            message = _receive(given)
        except EOFError:
            return
        _send(answers, _encode(read_all(_pieces.decode(message))))


if __name__ == "__main__":
    os.nice(_BEHIND)
    _serve(sys.stdin.buffer, sys.stdout.buffer)
