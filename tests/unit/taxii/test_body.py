"""The body: counted while it comes, unpacked under a cap."""

import gzip
import io
import zlib

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from cirt.kernel.errors import TooLarge
from cirt.taxii.body import read_body
from cirt.taxii.errors import BodyWrong, EncodingWrong


def a_request(body: bytes, encoding: str | None = None, *, chunked: bool = False) -> Request:
    headers = Headers({"Content-Encoding": encoding} if encoding else {})
    builder = EnvironBuilder(method="POST", input_stream=io.BytesIO(body), headers=headers)
    environ = builder.get_environ()
    environ.pop("CONTENT_LENGTH", None)
    if chunked:
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(len(body))
    return Request(environ)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_exactly_the_limit_is_read(chunked: bool) -> None:
    body = b"x" * 100_000

    assert read_body(a_request(body, chunked=chunked), len(body)) == body


@pytest.mark.parametrize("chunked", [False, True])
def test_one_byte_more_is_too_large(chunked: bool) -> None:
    body = b"x" * 100_000

    with pytest.raises(TooLarge):
        read_body(a_request(body, chunked=chunked), len(body) - 1)


def test_gzip_is_unpacked_member_by_member() -> None:
    packed = gzip.compress(b"first ") + gzip.compress(b"second")

    assert read_body(a_request(packed, "gzip"), 1000) == b"first second"


def test_a_bomb_stops_at_the_limit() -> None:
    packed = gzip.compress(b"0" * 50_000_000)

    with pytest.raises(TooLarge):
        read_body(a_request(packed, "gzip"), 1_000_000)


def test_gzip_that_unpacks_to_exactly_the_limit_is_read() -> None:
    body = b"y" * 300_000

    assert read_body(a_request(gzip.compress(body), "gzip"), len(body)) == body


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no gzip",
        gzip.compress(b"whole", mtime=0)[:-3],
        gzip.compress(b"whole", mtime=0) + b"tail",
    ],
)
def test_damaged_gzip_is_refused(damaged: bytes) -> None:
    with pytest.raises(BodyWrong):
        read_body(a_request(damaged, "gzip"), 1000)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(EncodingWrong):
        read_body(a_request(zlib.compress(b"x"), "deflate"), 1000)


def test_gzip_of_members_without_end_is_refused() -> None:
    packed = gzip.compress(b"") * 100_000

    with pytest.raises(BodyWrong):
        read_body(a_request(packed, "gzip"), 10_000_000)
