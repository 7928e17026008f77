"""Reads a request's body: counted while it comes in, unpacked under a cap."""

import zlib
from collections.abc import Iterator
from typing import IO

from flask import Request

from cirt.kernel.errors import TooLarge
from cirt.taxii.errors import BodyWrong, EncodingWrong, NoObject

_CHUNK = 64 * 1024
_MEMBERS = 100
_GZIP = 16 + zlib.MAX_WBITS


def read_body(request: Request, max_bytes: int) -> bytes:
    """The body, unpacked. ``max_bytes`` bounds what comes in and what it unpacks to.

    Raises:
        TooLarge: before reading if Content-Length says so, else as soon as it shows.
        EncodingWrong: a Content-Encoding other than gzip.
        BodyWrong: gzip that is cut off or damaged.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise EncodingWrong
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    request.max_content_length = None  # our own count answers, in our own words
    chunks = _chunks(request.stream, max_bytes)
    if encoding in ("", "identity"):
        return b"".join(chunks)
    return _gunzip(chunks, max_bytes)


def check_is_object(body: bytes) -> None:
    """
    Raises:
        NoObject: it begins like no JSON object (TAXII 2.1 wants 400 then, 422 for other objects).
    """
    if not body.lstrip(b" \t\n\r").startswith(b"{"):
        raise NoObject


def _chunks(stream: IO[bytes], max_bytes: int) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
        if total > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


def _gunzip(chunks: Iterator[bytes], max_bytes: int) -> bytes:
    unpacked = bytearray()
    member = zlib.decompressobj(_GZIP)
    members = 1
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if member.eof:  # gzip files may be joined end to end (RFC 1952, section 2.2)
                    member = zlib.decompressobj(_GZIP)
                    members += 1
                if members > _MEMBERS:  # half a million empty ones fit into 10 MiB
                    raise BodyWrong
                unpacked += member.decompress(rest, max_bytes + 1 - len(unpacked))
                if len(unpacked) > max_bytes:
                    raise _too_large(max_bytes)
                rest = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error:
        raise BodyWrong from None
    if not member.eof:
        raise BodyWrong
    return bytes(unpacked)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(what="The body", limit=f"{max_bytes} bytes")
