"""A small TAXII server that behaves, on loopback: manifest and objects by date and type, with TLS where wanted."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

MEDIA = "application/taxii+json;version=2.1"
ROOT = "/taxii2/root/"
COLLECTION = "5d9c0d2e-52d7-4f7a-8f2b-0a4f6f2d9c11"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class PlainPeer:
    """``objects`` were added a minute apart from ``BEGIN`` on, or at ``dates``; ``hold`` set, nothing is answered
    until ``go_on``."""

    objects: Sequence[dict[str, Any]]
    dates: Sequence[str] = ()
    page: int = 2
    knows_types: bool = True
    has_tokens: bool = True
    hold: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    base: str = ""
    requests: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def rows(self, query: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
        wanted = query.get("match[type]") if self.knows_types else None
        after = query.get("added_after", "")
        dates = self.dates or [added(number) for number in range(len(self.objects))]
        dated = zip(dates, self.objects, strict=True)
        return [
            (date, each)
            for date, each in sorted(dated, key=lambda row: row[0])
            if date > after and (wanted is None or each["type"] in wanted.split(","))
        ]


def added(number: int) -> str:
    return (BEGIN + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: PlainPeer

    def do_GET(self) -> None:
        peer, parts = self.peer, urlsplit(self.path)
        peer.requests.append(self.path)
        peer.asked.set()
        if peer.hold:
            peer.go_on.wait(60)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        collection = f"{ROOT}collections/{COLLECTION}/"
        if peer.status != 200:
            self._say({"title": "No", "http_status": str(peer.status)}, peer.status, peer.headers)
        elif parts.path == "/taxii2/":
            self._say({"title": "T", "default": ROOT, "api_roots": [ROOT]})
        elif parts.path == f"{ROOT}collections/":
            one = {
                "id": COLLECTION,
                "title": "C",
                "alias": "c",
                "can_read": True,
                "can_write": True,
            }
            self._say({"collections": [one]})
        elif parts.path in (f"{collection}objects/", f"{collection}manifest/"):
            self._page(query, is_manifest=parts.path.endswith("manifest/"))
        else:
            self._say({"title": "Nothing here"}, 404)

    def _page(self, query: dict[str, str], *, is_manifest: bool) -> None:
        rows, start = self.peer.rows(query), int(query.get("next", "0"))
        size = 1000 if is_manifest else min(self.peer.page, int(query.get("limit", "1000")))
        shown, more = rows[start : start + size], start + size < len(rows)
        said: dict[str, Any] = {"more": more, "objects": []}
        for date, each in shown:
            record = {"id": each["id"], "date_added": date, "version": each["modified"]}
            said["objects"].append(record if is_manifest else each)
        if more and self.peer.has_tokens:
            said["next"] = str(start + size)
        dates = {}
        if shown:
            dates = {
                "X-TAXII-Date-Added-First": shown[0][0],
                "X-TAXII-Date-Added-Last": shown[-1][0],
            }
        self._say(said, headers=dates)

    def _say(
        self, what: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        for name, value in {"Content-Type": MEDIA, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that is refused is what some of these tests are for."""


@contextmanager
def plain_peer(
    objects: Sequence[dict[str, Any]], tls: ssl.SSLContext | None = None, **more: Any
) -> Iterator[PlainPeer]:
    peer = PlainPeer(objects, **more)
    handler = type("Handler", (_Handler,), {"peer": peer})
    server = _Server(("127.0.0.1", 0), handler)
    if tls is not None:  # each connection shakes hands by itself; one that fails ends no other
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    peer.base = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        peer.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
