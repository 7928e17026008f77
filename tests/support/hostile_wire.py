"""What a peer does to HTTP itself, after one good page."""

import gzip
import io
import socket
import struct
import time
from collections.abc import Callable

import brotli
from backports import zstd

from tests.support.hostile import MEDIA, Asked, Handler, Mode, first_then, good
from tests.support.scripted import Scripted

_HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\n".encode()
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_BLANKS = b" " * 50_000_000


def _says(*parts: bytes, reset: bool = False) -> Mode:
    """These bytes, then the connection is closed."""

    def act(handler: Handler, _asked: Asked) -> None:
        handler.close_connection = True
        try:
            for part in parts:
                handler.wfile.write(part)
        except OSError:
            return
        if reset:
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            handler.connection.close()

    return act


def _for_ever(head: bytes, part: bytes, pause_s: float = 0.0) -> Mode:
    def act(handler: Handler, _asked: Asked) -> None:
        handler.close_connection = True
        until = time.monotonic() + 30  # the test is over long before
        try:
            handler.wfile.write(head)
            while time.monotonic() < until:
                handler.wfile.write(part)
                time.sleep(pause_s)
        except OSError:
            return

    return act


def _silence(handler: Handler, _asked: Asked) -> None:
    handler.close_connection = True
    handler.connection.settimeout(30)
    try:
        handler.rfile.read(1)  # until the other side gives up
    except OSError:
        return


def _packed(body: bytes, encoding: str) -> Mode:
    def act(handler: Handler, _asked: Asked) -> None:
        try:
            handler._raw(200, body, **{"Content-Encoding": encoding})
        except OSError:
            return

    return act


def _goodbye(handler: Handler, asked: Asked) -> None:
    """A good answer that promises to stay, and goes."""
    good(handler, asked)
    handler.close_connection = True


def _announced(handler: Handler, asked: Asked) -> None:
    handler.close_connection = True
    good(handler, asked)


def _trailing(handler: Handler, asked: Asked) -> None:
    """In one piece, so that it is there before the next question."""
    line, handler.wfile = handler.wfile, io.BytesIO()
    good(handler, asked)
    stray = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"
    whole, handler.wfile = handler.wfile.getvalue() + stray, line
    handler.wfile.write(whole)
    handler.close_connection = True


def _once(trouble: Mode) -> Mode:
    """The second page fails the first time."""

    def act(handler: Handler, asked: Asked) -> None:
        tries = sum("next=" in path for path in handler.peer.requests)
        (trouble if tries == 1 and "next" in asked else good)(handler, asked)

    return act


def _lost(act: Mode, code: str = "connection-lost") -> Scripted:
    return Scripted("objects", first_then(act), code, taken=2)


def _slow(act: Mode) -> Scripted:
    return Scripted("objects", first_then(act), "too-slow", taken=2, slow=True)


def _fine(act: Mode) -> Scripted:
    return Scripted("objects", act)


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, 1)


def _sized(length: str, body: bytes = b"{}") -> bytes:
    return _HEAD + f"Content-Length: {length}\r\n\r\n".encode() + body


_compress: Callable[[bytes], bytes] = brotli.compress

WIRE: dict[str, Scripted] = {
    "closes without an answer": _lost(_says()),
    "closes amid the status": _lost(_says(b"HTTP/1.1 20")),
    "closes amid the headers": _lost(_says(_HEAD[:40]), "content-type-wrong"),
    "closes amid the body": _lost(_says(_sized("1000", b'{"objects":['))),
    "closes amid a chunk": _lost(_says(_CHUNKED, b"100\r\n{")),
    "closes before the last chunk": _lost(_says(_CHUNKED, b"2\r\n{}\r\n")),
    "resets the connection": _lost(_says(_HEAD, reset=True)),
    "a chunk of negative length": _lost(_says(_CHUNKED, b"-1\r\n{}")),
    "a chunk of very negative length": _lost(_says(_CHUNKED, b"-ff\r\n{}")),
    "a chunk of no number": _lost(_says(_CHUNKED, b"many\r\n{}")),
    "a chunk line without end": _lost(_says(_CHUNKED, b"1;" + b"x" * 100_000)),
    "too many headers": _lost(_says(_HEAD, b"X-A: 1\r\n" * 500, b"\r\n")),
    "a header without end": _lost(_says(_HEAD, b"X-A: " + b"1" * 100_000)),
    "no HTTP at all": _lost(_says(b"220 mail.example ESMTP\r\n")),
    "a status of no number": _lost(_says(b"HTTP/1.1 two OK\r\n\r\n")),
    "length too long": _lost(_says(_sized("90"))),
    "length too short": _lost(_says(_sized("1")), "not-json"),
    "length of no number": Scripted("objects", _once(_says(_sized("many"))), taken=2),
    "another answer behind the answer": _fine(_trailing),
    "promises to stay and goes": _fine(_goodbye),
    "closes after each answer": _fine(_announced),
    "breaks off once": _fine(_once(_says(_sized("1000")))),
    "resets once": _fine(_once(_says(_HEAD, reset=True))),
    "never answers": _slow(_silence),
    "body byte by byte": _slow(_for_ever(_sized("100000", b""), b" ", 0.05)),
    "headers byte by byte": _slow(_for_ever(b"HTTP/1.1 200 OK\r\nX-A: ", b"1", 0.05)),
    "headers one by one": _slow(_for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n", 0.05)),
    "continue for ever": _slow(_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    "trailers for ever": _slow(_for_ever(_CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: 1\r\n")),
    "chunks of one byte for ever": _slow(_for_ever(_CHUNKED, b"1\r\n \r\n", 0.01)),
    "a body without length or end": Scripted(
        "objects", first_then(_for_ever(_HEAD + b"\r\n", b" " * 65_536)), "answer-too-large", 2
    ),
    "chunks without end": Scripted(
        "objects",
        first_then(_for_ever(_CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n")),
        "answer-too-large",
        taken=2,
    ),
    "gzip bomb in members": _lost(_packed(_zip(b" " * 100_000) * 500, "gzip"), "answer-too-large"),
    "gzip in gzip": _lost(_packed(_zip(_zip(_BLANKS)), "gzip, gzip"), "encoding-wrong"),
    "gzip cut short": _lost(_packed(_zip(b'{"objects":[]}')[:-12], "gzip"), "not-json"),
    "brotli bomb": _lost(_packed(_compress(_BLANKS), "br"), "encoding-wrong"),
    "zstd bomb": _lost(_packed(zstd.compress(_BLANKS), "zstd"), "encoding-wrong"),
    "deflate": _lost(_packed(b"x", "deflate"), "encoding-wrong"),
}
