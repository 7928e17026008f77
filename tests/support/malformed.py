"""Requests that no careful program sends, made by chance from a seed: the same seed, the same requests."""

import base64
import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote

from tests.support.taxii import (
    ABSENT,
    MEDIA,
    ROOT,
    a_malware,
    a_statement,
    an_address,
    an_indicator,
)
from tests.support.wire import authorization

OBJECT_ID = "indicator--00000000-0000-4000-8000-000000000000"
COLLECTIONS = ("rw", "ro", "wo", "no", "empty", "scratch", ABSENT, "RW", "x" * 300)
PATHS = (
    "/taxii2/",
    ROOT,
    f"{ROOT}collections/",
    *(f"{ROOT}collections/{key}/" for key in COLLECTIONS),
    *(f"{ROOT}collections/{key}/objects/" for key in COLLECTIONS),
    *(f"{ROOT}collections/{key}/manifest/" for key in COLLECTIONS),
    *(f"{ROOT}collections/{key}/objects/{OBJECT_ID}/" for key in COLLECTIONS[:4]),
    *(f"{ROOT}collections/{key}/objects/{OBJECT_ID}/versions/" for key in COLLECTIONS[:4]),
    f"{ROOT}status/{ABSENT}/",
    "/taxii2",
    "/",
    "/sign-in",
    "/report",
    "/desk",
    "/static/app.css",
    "/health/live",
)
PARAMETERS = (
    "added_after",
    "limit",
    "next",
    "match[id]",
    "match[type]",
    "match[version]",
    "match[spec_version]",
    "match[]",
    "match[x]",
    "match",
    "",
)
ODD_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "1e9",
    "9" * 400,
    "\0",
    "\r\n",
    "\x1b[31m",
    "\x7f",
    "null",
    "None",
    "true",
    "[]",
    "{}",
    "'",
    '"',
    "';--",
    "%",
    "%00",
    "%zz",
    "%c0%af",
    "%ff%fe",
    "%u0041",
    "../../etc/passwd",
    "....//",
    "\u202e\u0000x",
    "\U0001f600" * 50,
    "e\u0301",
    "\ufeff",
    "x" * 5000,
    "all,last",
    "first,first",
    "last,",
    ",",
    "2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00.123456Z",
    "2026-02-30T12:00:00.000Z",
    "2026-01-31T24:00:00.000Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:60.999999Z",
    "-0001-01-01T00:00:00Z",
    "2026-01-31T12:00:00+01:00",
    "2026-01-31",
    "١٢",
    OBJECT_ID,
    "indicator--",
    "--" + ABSENT,
    "INDICATOR--" + ABSENT.upper(),
    ",".join([OBJECT_ID] * 60),
    "2.1",
    "2.0,2.1",
    "9.9",
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**53 + 1,
    10**400,
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    [],
    [None],
    [[]],
    ["x", "x"],
    [OBJECT_ID, 7],
    {},
    {"a": 1},
    {"": {"": {}}},
    "\ud800",
    "a\udc00b",
    *ODD_TEXTS,
)
METHODS = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
    "get", "Get", "G\0T", "G T", "", "X" * 3000, "GET\t", "\u00c4",
)  # fmt: skip
VERSIONS = (
    "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.10", "HTTP", "", "http/1.1",
    "HTTP/1.1 x", "HTTP/\0",
)  # fmt: skip
ACCEPTS = (
    MEDIA, "*/*", "", "application/json", "application/taxii+json", ";", ",,,", "a/b;q=9", "*",
    "application/taxii+json;version=9.9", "application/taxii+json;version", "/;=,;q=nan",
    "application/taxii+json;q=-1", "application/taxii+json;q=1e400", 'x/y;a="', "x/" * 3000,
    ",".join(["*/*;q=0"] * 400), "application/taxii+json; version*=utf-8''2.1", "\xff\xfe",
)  # fmt: skip
ENCODINGS = (
    "gzip",
    "GZIP",
    "x-gzip",
    "deflate",
    "br",
    "zstd",
    "identity",
    "gzip, gzip",
    "",
    "\xff",
    "chunked",
)
ODD_HEADERS = (
    "A: b\r\n c", " A: b", "A : b", ": b", "A", "A: \0", "A: \x7f\x80\xff", "\xff: b", "A: b\nB: c",
    "A: b\rB: c", "A" * 5000 + ": b", "A: " + "b" * 9000, "Host:", "Host: a, b", "Host: [::1",
    "Host: a@b:c:99999999", "Host: \xe4", "Cookie: ;=;==;\xff", "Cookie: session=" + "x" * 4000,
    "Range: bytes=0-,-9", "If-Modified-Since: yesterday", "If-None-Match: W/", "If-Match: *",
    'X-Forwarded-For: ,,;"', "X-Forwarded-Proto: gopher", 'Forwarded: for="', "Expect: 100-continue",
    "Expect: the unexpected", "Connection: close, keep-alive, x", "Upgrade: h2c", "TE: trailers",
    "X-HTTP-Method-Override: DELETE", "Accept-Language: ;q=,*;q=zz", "Accept-Charset: \xff",
    "Origin: null", "Referer: \x01", "Content-Length: ", "Date: 0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Malformed:
    """What is sent over a connection of its own; ``name`` is the kind and the number."""

    name: str
    sent: bytes


Maker = Callable[[Random], bytes]


def malformed(seed: int, count: int) -> Iterator[Malformed]:
    makers = list(_MAKERS.items())
    for number in range(count):
        chance = Random(f"{seed}/{number}")
        name, make = makers[number % len(makers)]
        yield Malformed(f"{name} {number}", make(chance))


def _request(
    method: str,
    target: str,
    body: bytes = b"",
    *headers: str,
    version: str = "HTTP/1.1",
    signed: bool = True,
) -> bytes:
    lines = [f"{method} {target} {version}", "Host: cirt.example"]
    if signed:
        lines.append(f"Authorization: {authorization('alice')}")
    lines += headers
    if body and not any(line.lower().startswith(("content-length", "transfer-")) for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass") + body


def _post(body: bytes, *headers: str, key: str = "scratch") -> bytes:
    target = f"{ROOT}collections/{key}/objects/"
    return _request("POST", target, body, f"Content-Type: {MEDIA}", f"Accept: {MEDIA}", *headers)


def _request_line(chance: Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 3000)) + b"\r\n\r\n"
    method, version = chance.choice(METHODS), chance.choice(VERSIONS)
    target = chance.choice((*PATHS, "*", "http://x/taxii2/", "http://[::1", "//", "?", "#", ""))
    if kind == 1:
        return _request(method, target, version=version)
    if kind == 2:
        return _request("GET", target, version=version)[: chance.randrange(1, 60)]
    space = chance.choice(("  ", "\t", "\0", "\x0b", "\u00a0"))
    return f"GET{space}{target} HTTP/1.1\r\n\r\n".encode()


def _header(chance: Random) -> bytes:
    headers = chance.choices(ODD_HEADERS, k=chance.randrange(1, 4))
    method = chance.choice(("GET", "GET", "HEAD", "OPTIONS"))
    return _request(method, chance.choice(PATHS), b"", *headers)


def _path(chance: Random) -> bytes:
    pieces = chance.choice(PATHS).split("/")
    odd = chance.choice(ODD_TEXTS)
    written = chance.choice(
        (quote(odd, safe="", errors="replace"), quote(odd, safe="%/.;"), odd.replace(" ", "%20"))
    )
    pieces[chance.randrange(1, len(pieces))] = written.replace("\r\n", "%0d%0a")
    joined = chance.choice(("/", "/", "/", "//", "/./", "/x/../", "%2f", "\\")).join(pieces)
    return _request(chance.choice(("GET", "GET", "DELETE", "HEAD", "POST")), joined or "/")


def _query(chance: Random) -> bytes:
    pairs = []
    for _ in range(chance.choice((1, 1, 2, 5, 200))):
        odd = chance.choice(ODD_TEXTS)[:600]
        value = quote(odd, safe="" if chance.random() < 0.7 else "%,:;&=", errors="replace")
        pairs.append(f"{chance.choice(PARAMETERS)}{chance.choice(('=', '=', '', '=='))}{value}")
    method = chance.choice(("GET", "GET", "GET", "HEAD", "DELETE"))
    path = chance.choice([path for path in PATHS if path.startswith(f"{ROOT}collections/")])
    return _request(method, f"{path}?{chance.choice(('&', '&', '&&', ';')).join(pairs)}")


def _negotiation(chance: Random) -> bytes:
    headers = [f"Accept: {chance.choice(ACCEPTS)}"]
    if chance.random() < 0.5:
        headers.append(f"Content-Type: {chance.choice(ACCEPTS)}")
    if chance.random() < 0.3:
        headers.append(f"Content-Encoding: {chance.choice(ENCODINGS)}")
    body = chance.choice((b"", b"{}", json.dumps({"objects": [an_address()]}).encode()))
    method = chance.choice(("GET", "POST", "DELETE")) if not body else "POST"
    return _request(method, chance.choice(PATHS), body, *headers)


def _sign_in(chance: Random) -> bytes:
    pair = chance.choice((b"alice", b":", b"a:b\0c", b"\xff:\xff", b"\0:x", b"x" * 5000 + b":y"))
    header = chance.choice(
        (
            "Basic",
            "Basic ",
            "Basic =",
            "Basic !!!",
            "Basic " + base64.b64encode(pair).decode(),
            "basic\t" + base64.b64encode(pair).decode(),
            "Bearer " + "x" * 4000,
            'Digest username="alice", realm=',
            "Negotiate \xff",
            "Basic Basic " + authorization("alice"),
            authorization("alice", "wrong") if chance.random() < 0.05 else "",
        )
    )
    return _request(
        "GET", chance.choice(PATHS), b"", f"Authorization: {header}", signed=chance.random() < 0.1
    )


def _objects(chance: Random) -> list[Any]:
    """Of every type that one is made of here; ids are new, but the same for the same seed."""
    made: list[dict[str, Any]] = [
        an_indicator(chance.randrange(9000)), a_malware(), an_address(), a_statement(),
        {"type": "identity", "name": "Somebody", "identity_class": "organization"},
        {"type": "relationship", "relationship_type": "indicates", "source_ref": OBJECT_ID,
         "target_ref": f"malware--{ABSENT}"},
    ]  # fmt: skip
    for one in made:
        if one["type"] == "ipv4-addr":
            continue
        version_4 = uuid.UUID(int=chance.getrandbits(128), version=4)
        at = "2026-01-01T00:00:00.000Z"
        one |= {"id": f"{one['type']}--{version_4}", "spec_version": "2.1", "created": at}
        if one["type"] != "marking-definition":
            one["modified"] = at
    return chance.sample(made, k=chance.randrange(1, len(made) + 1))


def _broken_objects(chance: Random) -> bytes:
    """Whole envelopes in which one field of some objects is not what it must be."""
    objects = _objects(chance)
    for one in objects[chance.randrange(2) :]:
        name = chance.choice([*one, "external_references", "labels", "lang", "x_a", "extensions"])
        how = chance.randrange(4)
        if how == 0:
            one.pop(name, None)
        elif how == 1:
            one[chance.choice((name.upper(), f"{name} ", "", "x" * 300, "\0"))] = 1
        else:
            one[name] = chance.choice(ODD_VALUES)
    if chance.random() < 0.2:
        objects.insert(0, chance.choice(ODD_VALUES))
    return _post(json.dumps({"objects": objects}).encode())


def _broken_json(chance: Random) -> bytes:
    body = json.dumps({"objects": _objects(chance)}, ensure_ascii=False).encode()
    at = chance.randrange(len(body))
    depth = chance.choice((100, 1000, 20_000))
    broken = (
        body[:at],
        body[:at] + chance.randbytes(3) + body[at:],
        body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :],
        body.replace(b'"type"', b'"type":"tool","type"', 1),
        body.replace(b'"objects"', b'"objects":[],"objects"', 1),
        body.replace(b"Number", b"\\ud800", 1),
        body.replace(b"Number", b"\xed\xa0\x80\xff", 1),
        body.replace(b'"spec_version"', b'"confidence":1' + b"0" * 5000 + b',"spec_version"', 1),
        body.replace(b'"spec_version"', b'"x":-1e99999,"spec_version"', 1),
        b'{"objects":' + b"[" * depth + b"]" * depth + b"}",
        b'{"objects":[' + b'{"a":' * depth + b"1" + b"}" * depth + b"]}",
        b"[" * depth,
        body + body,
        b"\xef\xbb\xbf" + body,
        body.decode().encode("utf-16"),
        b"\0" * chance.randrange(1, 2000),
        json.dumps(chance.choice(ODD_VALUES)).encode(),
        json.dumps({"objects": chance.choice(ODD_VALUES)}).encode(),
        json.dumps({"objects": [], "more": chance.choice(ODD_VALUES)}).encode(),
        b'{"objects":[' + b"{}," * chance.randrange(3000) + b"{}]}",
    )
    return _post(chance.choice(broken), key=chance.choice(("scratch", "scratch", "wo", "ro", "no")))


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@cache
def _bomb() -> bytes:
    return _gzip(b" " * 50_000_000)


def _packed(chance: Random) -> bytes:
    body = json.dumps({"objects": _objects(chance)}).encode()
    packed = _gzip(body)
    at = chance.randrange(len(packed))
    broken = (
        packed,
        packed[:at],
        packed[:at] + chance.randbytes(4) + packed[at + 4 :],
        packed + b"rest",
        packed + packed,
        _gzip(packed),
        _gzip(b""),
        _gzip(b"") * 2000,
        zlib.compress(body),
        body,
        b"",
        _bomb(),
        b"\x1f\x8b" + chance.randbytes(200),
    )
    return _post(chance.choice(broken), f"Content-Encoding: {chance.choice(ENCODINGS[:3])}")


def _chunks(chance: Random) -> bytes:
    body = json.dumps({"objects": _objects(chance)}).encode()
    whole = f"{len(body):x}".encode() + b"\r\n" + body + b"\r\n0\r\n\r\n"
    at = chance.randrange(len(whole))
    broken = (
        whole,
        whole[:at],
        whole[:at] + chance.randbytes(2) + whole[at:],
        b"-1\r\n" + body,
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\n" + body,
        b"g\r\n\r\n",
        b"5;" + b"a=b;" * 3000 + b"\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\r\nhello world\r\n0\r\n\r\n",
        b"0\r\n" + b"Trailer: x\r\n" * 2000 + b"\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"1\r\n{\r\n" * 500 + b"0\r\n\r\n",
        b"\r\n" * 200,
    )
    coding = chance.choice(
        ("chunked", "chunked", "chunked", "Chunked", "gzip, chunked", "chunked, gzip", "identity",
         "chunked, chunked", " chunked", "\x0bchunked", "xchunked", "")
    )  # fmt: skip
    more = chance.choice(([], [], ["Content-Length: 3"], ["Transfer-Encoding: identity"]))
    return _post(chance.choice(broken), f"Transfer-Encoding: {coding}", *more)


def _lengths(chance: Random) -> bytes:
    body = json.dumps({"objects": _objects(chance)}).encode()
    said = chance.choice(
        (len(body) - 1, len(body) + 1, 0, 1, -1, "+5", "5,5", "5, 6", "0x10", "1e3", "", " ",
         "9" * 30, "9" * 5000, 2**31, 2**63, "\u0661", "5 5", "1_0")
    )  # fmt: skip
    return _post(body, f"Content-Length: {said}")


def _one_after_another(chance: Random) -> bytes:
    makers = [_header, _path, _query, _broken_objects, _chunks, _lengths, _request_line]
    good = _request("GET", "/taxii2/", b"", f"Accept: {MEDIA}")
    parts = [chance.choice(makers)(chance) for _ in range(chance.randrange(1, 4))]
    return b"".join(part for odd in parts for part in (good, odd)) + chance.choice((b"", good))


_MAKERS: dict[str, Maker] = {
    "request line": _request_line,
    "header": _header,
    "path": _path,
    "query": _query,
    "negotiation": _negotiation,
    "sign-in": _sign_in,
    "objects": _broken_objects,
    "JSON": _broken_json,
    "gzip": _packed,
    "chunks": _chunks,
    "lengths": _lengths,
    "more queries": _query,
    "more objects": _broken_objects,
    "one after another": _one_after_another,
}
