"""Reads a request off a connection as waitress does, without what it lets through or falls over."""

import re
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from cirt.boot.limits import TooMuch

_NOT_IMPLEMENTED = 501
_MAX_CHUNK_LINE = 4096
_MAX_TRAILER = 8192
_TARGET = re.compile(rb"\s*([A-Z]{1,20}) ([^ \r\n]{1,8000})")


class TooManyRequests(Error):
    """What the limits refuse."""

    code = 429
    reason = "Too Many Requests"

    def __init__(self, problem: TooMuch) -> None:
        super().__init__(problem.why)
        self.problem = problem


class Request(HTTPRequestParser):
    """One request while it is read. After an error, ``path`` is as much of the address as can be known."""

    path: str = ""
    command: Any = ""
    is_whole = False  # read to its end, so that another may follow on the connection

    def received(self, data: bytes) -> int:
        """How many of the bytes belong to this request; what cannot be read is an ``error``, never raised."""
        known = self.header_plus + data if self.body_rcv is None else b""
        try:
            taken = super().received(data)
        except ValueError:  # a length of 5,000 digits, half an IPv6 address
            self.refuse(BadRequest("unreadable"))
            taken = len(data)
        self._check_chunks()
        if self.headers_finished and self.error is None:
            self._check_framing()
        if self.error is not None:
            self.refuse(self.error)
            self._find_path(known)
        if self.completed:
            self.expect_continue = False  # waitress would wait for a body that never comes
        return taken

    def refuse(self, error: Error) -> None:
        """Read no further."""
        if error.code == _NOT_IMPLEMENTED:  # a transfer coding that we do not know
            error = BadRequest("unknown transfer coding")
        self.error = error
        self.completed = True
        self.expect_continue = False

    def refuse_above(self, max_bytes: int) -> None:
        if max(self.content_length, self.body_bytes_received) > max_bytes:
            self.refuse(RequestEntityTooLarge(str(max_bytes)))

    def _check_chunks(self) -> None:
        """Waitress bounds neither a chunk's line nor the trailer, and reads them again with every byte."""
        body = self.body_rcv
        if not isinstance(body, ChunkedReceiver) or body.completed:
            return
        rest: Any = body
        if len(rest.control_line) > _MAX_CHUNK_LINE or len(rest.trailer) > _MAX_TRAILER:
            self.refuse(BadRequest("chunk line too long"))

    def _check_framing(self) -> None:
        """A request with two lengths is read differently by different servers (RFC 9112, section 6.1)."""
        is_double = self.chunked and "CONTENT_LENGTH" in self.headers and not self.completed
        if is_double or "TRANSFER_ENCODING" in self.headers:  # left there where HTTP/1.0 has none
            self.refuse(BadRequest("two lengths"))

    def _find_path(self, head: bytes) -> None:
        """Where waitress stopped before it read the address, or put another one in its place."""
        target = _TARGET.match(head)
        if target is None:
            return
        self.command = target[1].decode()
        try:
            self.path = unquote_to_bytes(urlsplit(target[2]).path).decode("latin-1")
        except ValueError:
            self.path = ""
