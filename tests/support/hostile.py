"""A small TAXII server that misbehaves in one named way, on loopback."""

import gzip
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.store import indicator

MEDIA = "application/taxii+json;version=2.1"
ROOT = "/taxii2/root/"
COLLECTION = "5d9c0d2e-52d7-4f7a-8f2b-0a4f6f2d9c11"
DATE = "2026-01-01T00:00:{:02}.000000Z"


@dataclass
class Peer:
    """What it does and what it has seen."""

    mode: str
    count: int = 6  # good objects, offered two a page
    requests: list[str] = field(default_factory=list)
    authorized: list[bool] = field(default_factory=list)
    posted: list[bytes] = field(default_factory=list)
    base: str = ""
    elsewhere: str = ""
    acts: "Acts" = field(default_factory=dict)  # what it does instead, by place
    headers: list[Mapping[str, str]] = field(default_factory=list)  # of what was asked

    def objects(self, start: int, stop: int) -> list[dict[str, Any]]:
        return [indicator(n).content() for n in range(start + 1, min(stop, self.count) + 1)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: Peer

    def do_GET(self) -> None:
        peer = self.peer
        peer.requests.append(self.path)
        peer.authorized.append("Authorization" in self.headers)
        peer.headers.append(dict(self.headers))
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        act = peer.acts.get(place_of(path))
        if act is not None:
            act(self, {name: values[0] for name, values in query.items()})
        elif path == "/taxii2/":
            self._discovery()
        elif path == f"{ROOT}collections/":
            self._json({"collections": [collection()]})
        elif path == f"{ROOT}collections/{COLLECTION}/objects/":
            _MODES.get(peer.mode, good)(self, {name: values[0] for name, values in query.items()})
        elif path == ROOT:
            self._json({"title": "Root", "versions": [MEDIA], "max_content_length": 100_000})
        elif path.startswith(f"{ROOT}status/"):
            self._json(status_of("complete", len(peer.posted)))
        else:
            self._raw(404, b"{}")

    def do_POST(self) -> None:
        peer = self.peer
        peer.requests.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        peer.posted.append(body)
        if "post" in peer.acts:
            peer.acts["post"](self, {})
            return
        if peer.mode == "answer lost" and len(peer.posted) == 1:
            self.close_connection = True
            self.connection.close()
            return
        if peer.mode == "refuses one":
            first = json.loads(body)["objects"][0]
            failure = {
                "id": first["id"],
                "version": first["modified"],
                "message": "no\x1b[31m room",
            }
            self._json(
                {
                    **status_of("complete", 1),
                    "failure_count": 1,
                    "success_count": 0,
                    "total_count": 1,
                    "failures": [failure],
                },
                202,
            )
            return
        if peer.mode == "pending":
            self._json(status_of("pending", 1), 202)
            return
        self._json(status_of("complete", 1), 202)

    def _discovery(self) -> None:
        peer = self.peer
        if peer.mode == "redirect":
            self._raw(302, b"", Location=peer.elsewhere + "/taxii2/")
        elif peer.mode == "root elsewhere":
            self._json({"title": "T", "api_roots": [peer.elsewhere + ROOT]})
        elif peer.mode == "unauthorized":
            self._raw(401, b"<html>", **{"Content-Type": "text/html"})
        elif peer.mode == "taxii 2.0":
            self._raw(
                200, b"{}", **{"Content-Type": "application/vnd.oasis.taxii+json; version=2.0"}
            )
        elif peer.mode == "discovery is a list":
            self._raw(200, b"[1]")
        else:
            self._json({"title": "T", "default": ROOT, "api_roots": [ROOT]})

    def _json(self, what: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._raw(status, json.dumps(what).encode(), **(headers or {}))

    def _raw(self, status: int, body: bytes, **headers: str) -> None:
        said = {"Content-Type": MEDIA, "Content-Length": str(len(body)), **headers}
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


Asked = dict[str, str]
Mode = Callable[[Handler, Asked], None]
Acts = Mapping[str, Mode]


def place_of(path: str) -> str:
    """Which part of the service a path is: discovery, root, collections, objects or status."""
    if path == "/taxii2/":
        return "discovery"
    if not path.startswith(ROOT):
        return "elsewhere"
    return (
        path.removeprefix(ROOT).strip("/").rpartition(f"{COLLECTION}/")[2].partition("/")[0]
        or "root"
    )


def collection() -> dict[str, Any]:
    return {"id": COLLECTION, "title": "C", "alias": "c", "can_read": True, "can_write": True}


def status_of(state: str, count: int) -> dict[str, Any]:
    done = count if state == "complete" else 0
    return {
        "id": "2d086da7-4bdc-4f91-900e-d77486753710",
        "status": state,
        "total_count": count,
        "success_count": done,
        "failure_count": 0,
        "pending_count": count - done,
    }


def dates(start: int, stop: int) -> dict[str, str]:
    return {
        "X-TAXII-Date-Added-First": DATE.format(start + 1),
        "X-TAXII-Date-Added-Last": DATE.format(stop),
    }


def position(asked: Asked) -> int:
    """Two a page; the token is the position, and ``added_after`` counts as well."""
    if "next" in asked:
        return int(asked["next"])
    after = asked.get("added_after")
    return 0 if after is None else sum(DATE.format(n) <= after for n in range(1, 60))


def page(handler: Handler, asked: Asked, **more: Any) -> tuple[dict[str, Any], dict[str, str]]:
    start = position(asked)
    stop = min(start + 2, handler.peer.count)
    is_more = stop < handler.peer.count
    envelope = {"more": is_more, "objects": handler.peer.objects(start, stop), **more}
    if is_more:
        envelope.setdefault("next", str(stop))
    return envelope, dates(start, stop)


def good(handler: Handler, asked: Asked) -> None:
    envelope, dates = page(handler, asked)
    handler._json(envelope, headers=dates)


def first_then(act: Mode) -> Mode:
    """A good first page, then trouble: what was good must stay."""

    def answer(handler: Handler, asked: Asked) -> None:
        (act if "next" in asked or len(handler.peer.requests) > 3 else good)(handler, asked)

    return answer


def _endless(handler: Handler, asked: Asked) -> None:
    token = int(asked.get("next", "0")) + 1
    objects = handler.peer.objects(0, 2)
    handler._json({"more": True, "next": str(token), "objects": objects}, headers=dates(0, 2))


def _endless_new(handler: Handler, asked: Asked) -> None:
    token = int(asked.get("next", "0")) + 1
    handler._json({"more": True, "next": str(token), "objects": [indicator(token).content()]})


def _endless_empty(handler: Handler, asked: Asked) -> None:
    handler._json({"more": True, "next": str(int(asked.get("next", "0")) + 1)})


def _same_token(handler: Handler, asked: Asked) -> None:
    envelope = {"more": True, "next": "2", "objects": handler.peer.objects(0, 2)}
    handler._json(envelope, headers=dates(0, 2))


def _drip(handler: Handler, _asked: Asked) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", MEDIA)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


def _drip_headers(handler: Handler, _asked: Asked) -> None:
    try:
        for letter in (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/taxii+json;version=2.1\r\n" * 9
        ):
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


def _huge(handler: Handler, _asked: Asked) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", MEDIA)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        return


def _bomb(handler: Handler, _asked: Asked) -> None:
    body = gzip.compress(b" " * 50_000_000)
    try:
        handler._raw(200, body, **{"Content-Encoding": "gzip"})
    except OSError:
        return


def body_of(text: bytes, **headers: str) -> Mode:
    return lambda handler, _asked: handler._raw(200, text, **headers)


def status_code(status: int, **headers: str) -> Mode:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _asked: handler._raw(
        status, b'{"title":"T","description":"said\\u001b[31m so"}', **said
    )


def _busy_once(handler: Handler, asked: Asked) -> None:
    if sum("/objects/" in path for path in handler.peer.requests) == 2:
        handler._raw(429, b"{}", **{"Retry-After": "7"})
    else:
        good(handler, asked)


def _redirect_objects(handler: Handler, _asked: Asked) -> None:
    handler._raw(307, b"", Location=handler.peer.elsewhere + "/objects/")


def _bundle(handler: Handler, asked: Asked) -> None:
    envelope, dates = page(handler, asked)
    bundle = {"type": "bundle", "id": f"bundle--{COLLECTION}", **envelope}
    handler._json(bundle, headers=dates)


def _numeric_next(handler: Handler, asked: Asked) -> None:
    envelope, dates = page(handler, asked)
    if "next" in envelope:
        envelope["next"] = int(envelope["next"])
    handler._json(envelope, headers=dates)


def _no_headers(handler: Handler, asked: Asked) -> None:
    handler._json(page(handler, asked)[0])


def _no_token(handler: Handler, asked: Asked) -> None:
    envelope, dates = page(handler, {k: v for k, v in asked.items() if k != "next"})
    envelope.pop("next", None)
    handler._json(envelope, headers=dates)


def _equal_dates(handler: Handler, asked: Asked) -> None:
    envelope = {"more": True, "objects": handler.peer.objects(0, 2)}
    handler._json(envelope, headers={"X-TAXII-Date-Added-Last": DATE.format(1)})


def _equal_dates_token(handler: Handler, asked: Asked) -> None:
    envelope, _ = page(handler, {k: v for k, v in asked.items() if k == "next"})
    handler._json(envelope, headers={"X-TAXII-Date-Added-Last": DATE.format(1)})


def _no_match(handler: Handler, asked: Asked) -> None:
    if "match[version]" in asked:
        handler._raw(400, b"{}")
    else:
        good(handler, asked)


def _token_expires(handler: Handler, asked: Asked) -> None:
    tokens = sum("next=" in path for path in handler.peer.requests)
    if "next" in asked and tokens == 2:
        handler._raw(404, b"{}")
    else:
        good(handler, asked)


def spoiled(spoil: Callable[[bytes], bytes]) -> Mode:
    """One bad object between two good ones."""

    def answer(handler: Handler, _asked: Asked) -> None:
        good = [json.dumps(one).encode() for one in handler.peer.objects(0, 2)]
        body = b'{"objects":[' + b",".join([good[0], spoil(good[1]), good[1]]) + b"]}"
        handler._raw(200, body, **dates(0, 2))

    return answer


_MODES: dict[str, Mode] = {
    "endless pages": _endless,
    "endless new objects": _endless_new,
    "endless empty pages": _endless_empty,
    "same token for ever": _same_token,
    "wrong content type": first_then(body_of(b"{}", **{"Content-Type": "text/html"})),
    "no content type": first_then(body_of(b"{}", **{"Content-Type": ""})),
    "redirect of objects": first_then(_redirect_objects),
    "slow drip": first_then(_drip),
    "slow headers": first_then(_drip_headers),
    "huge body": first_then(_huge),
    "gzip bomb": first_then(_bomb),
    "wrong gzip": first_then(body_of(b"xxxx", **{"Content-Encoding": "gzip"})),
    "odd encoding": first_then(body_of(b"xxxx", **{"Content-Encoding": "br"})),
    "not JSON": first_then(body_of(b"<html>")),
    "empty body": first_then(body_of(b"")),
    "JSON of another shape": first_then(body_of(b'{"objects":{"a":1}}')),
    "member twice": first_then(body_of(b'{"objects":[],"objects":[{}]}')),
    "forbidden": first_then(status_code(403)),
    "busy for long": first_then(status_code(429, Retry_After="86400")),
    "busy for ever": first_then(status_code(503)),
    "failing": first_then(status_code(500)),
    "busy once": _busy_once,
    "deep nesting": spoiled(lambda _: b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "duplicate keys": spoiled(lambda good: good.replace(b"{", b'{"type":"malware",', 1)),
    "not a number": spoiled(lambda good: good.replace(b"{", b'{"confidence":NaN,', 1)),
    "half a character": spoiled(lambda good: good.replace(b"C2 address", b"\\ud800")),
    "bundle": _bundle,
    "numeric next": _numeric_next,
    "missing headers": _no_headers,
    "no token": _no_token,
    "equal dates": _equal_dates,
    "equal dates with token": _equal_dates_token,
    "no match version": _no_match,
    "token expires": _token_expires,
}


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many of these modes are for."""


@contextmanager
def hostile(mode: str, elsewhere: str = "http://127.0.0.1:9", **more: Any) -> Iterator[Peer]:
    peer = Peer(mode, elsewhere=elsewhere, **more)
    handler = type("Handler", (Handler,), {"peer": peer})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    peer.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
