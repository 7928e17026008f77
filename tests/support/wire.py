"""Bytes over a socket as a careless or hostile program sends them, and the answers read off it."""

import base64
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.taxii import PASSWORD

PATIENCE_S = 20.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        found = re.search(
            rf"^{re.escape(name)}: *(.*?)\r?$", self.head, re.MULTILINE | re.IGNORECASE
        )
        return found[1] if found else ""


def dial(base: str, *, receive_bytes: int = 0) -> socket.socket:
    """A connection; with a small ``receive_bytes`` the kernel takes little that is not read."""
    parts = urlsplit(base)
    link = socket.socket()
    link.settimeout(PATIENCE_S)
    if receive_bytes:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    link.connect((parts.hostname, parts.port))
    return link


def authorization(username: str, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def read_all(link: socket.socket) -> bytes:
    """Until the other side ends; an abrupt end is one too, silence fails."""
    said = bytearray()
    try:
        while chunk := link.recv(65536):
            said += chunk
    except (ConnectionResetError, BrokenPipeError):
        pass
    return bytes(said)


def hear(link: socket.socket) -> Heard:
    """The next answer on a connection that may stay open; not a byte of what follows it is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _some(link, 1)
    length = _LENGTH.search(b"\r\n" + head)
    size = int(length[1]) if length else 0
    body = bytearray()
    while len(body) < size:
        body += _some(link, size - len(body))
    return Heard(int(head.split()[1]), head.decode("latin-1").rstrip(), bytes(body))


def _some(link: socket.socket, most: int) -> bytes:
    chunk = link.recv(most)
    assert chunk, "the connection ended without a whole answer"
    return chunk


def ask(base: str, sent: bytes) -> Heard:
    """One answer to these bytes on a connection of their own."""
    with closing(dial(base)) as link:
        link.sendall(sent)
        return hear(link)


def answers_in(said: bytes) -> Iterator[Heard]:
    """Every answer of a connection that has ended."""
    rest = said
    while rest:
        head, _, body = rest.partition(b"\r\n\r\n")
        length = _LENGTH.search(b"\r\n" + head)
        size = int(length[1]) if length else 0
        yield Heard(int(head.split()[1]), head.decode("latin-1"), body[:size])
        rest = body[size:]
