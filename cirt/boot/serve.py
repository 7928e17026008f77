"""One web process: waitress on a socket that others share.

Waitress reads requests whole before a thread is given to them, so that slow senders hold no thread
(rulings 29; what it needs set is in docs/decisions/0005).
"""

import json
import signal
import socket
from types import FrameType
from typing import Any, cast

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from cirt.boot.app import MAX_BODY_BYTES, create_app
from cirt.kernel.program import Program


def listen(bind: str) -> socket.socket:
    """A bound, listening socket for ``HOST:PORT``; ``[::1]:8000`` too."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(port)))
        bound.listen(1024)
    except (OSError, OverflowError):
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def serve(program: Program, listener: socket.socket, *, threads: int = 4) -> None:
    """Answer requests until SIGTERM; requests that are being answered are finished."""
    server = make_server(program, listener, threads=threads)
    signal.signal(signal.SIGTERM, _stop)
    server.run()


def make_server(program: Program, listener: socket.socket, *, threads: int = 4) -> BaseWSGIServer:
    """The server with all that it needs set, not yet running."""
    server: Any = create_server(  # with one socket a BaseWSGIServer, which its types do not say
        create_app(program),
        sockets=[listener],
        threads=threads,
        ident=None,
        asyncore_use_poll=True,
        connection_limit=1000,  # 100 of them half open would otherwise stop everybody
        channel_timeout=60,
        max_request_header_size=32 * 1024,
        max_request_body_size=MAX_BODY_BYTES,
        inbuf_overflow=1024 * 1024,
        clear_untrusted_proxy_headers=True,
        **_proxy(program.settings.trusted_proxy),
    )
    _answer_errors_in_kind(server)
    return cast("BaseWSGIServer", server)


def _proxy(address: str) -> dict[str, Any]:
    if not address:
        return {}
    return {
        "trusted_proxy": address,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "trusted_proxy_count": 1,
    }


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _KindErrorTask(ErrorTask):
    """Refusals made before the application sees a request: TAXII clients get a TAXII error resource."""

    def execute(self) -> None:
        request: Any = self.request
        path = getattr(request, "path", "") or ""
        if not str(path).startswith("/taxii2/"):
            super().execute()
            return
        error = request.error
        body = json.dumps(
            {"title": error.reason, "http_status": str(error.code), "description": error.reason}
        ).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/taxii+json;version=2.1")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _answer_errors_in_kind(server: BaseWSGIServer) -> None:
    class Channel(HTTPChannel):
        error_task_class = _KindErrorTask

    server.channel_class = Channel
