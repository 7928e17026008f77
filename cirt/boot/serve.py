"""One web process: waitress on a socket that others share.

Waitress reads requests whole before a thread is given to them, so that slow senders hold no thread
(rulings 29; what it needs set and mended is in docs/decisions/0005).
"""

import gc
import logging
import resource
import signal
import socket
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from cirt.boot import limits
from cirt.boot.app import MAX_BODY_BYTES, create_app
from cirt.boot.connection import Connection
from cirt.boot.refusals import Prepared, is_taxii
from cirt.boot.requests import Request, TooManyRequests
from cirt.boot.sharing_out import Dispatcher, Kind
from cirt.kernel.program import Program
from cirt.kernel.settings import Settings
from cirt.kernel.sources import source_of
from cirt.release.ledger import record_together
from cirt.taxii import ProvenAccounts, proven_accounts

log = logging.getLogger("cirt.server")

_TAXII_SLACK = 1024 * 1024  # above its limit the application refuses, in better words
_FILES = 4096  # connections, and what lies on disk for them
_SPARE = 100  # before waitress stops accepting, we make room
_CHECK_S = 5
_PEER = "peer "  # begins what no address of a connection begins with


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
    _allow_files()
    server = make_server(program, listener, threads=threads)
    gc.collect()
    gc.freeze()  # the application stays as it is, so no collection need look at it again
    signal.signal(signal.SIGTERM, _stop)
    server.run()


def make_server(program: Program, listener: socket.socket, *, threads: int = 4) -> "Server":
    """The server with all that it needs set, not yet running."""
    app = create_app(program)
    return Server(app, listener, program, proven_accounts(app), threads)


class Server(TcpWSGIServer):
    """Waitress's server with our connections, our dispatcher and our limits."""

    channel_class = Connection

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        program: Program,
        proven: ProvenAccounts,
        threads: int,
    ) -> None:
        self._program = program
        self._settings = settings = program.settings
        self._proven = proven
        self._proxy = source_of(settings.trusted_proxy) if settings.trusted_proxy else ""
        self._rate = limits.Rate()
        self._owed = 0  # bytes of answers not taken, as of the last look
        self._dispatcher = Dispatcher(threads, self._settle)
        address = listener.getsockname()
        super().__init__(
            app,
            {},
            True,
            listener,
            dispatcher=self._dispatcher,
            adj=_adjustments(settings, threads),
            sockinfo=(listener.family, listener.type, listener.proto, address),
            bind_socket=False,
        )
        self.application = Prepared(self.application)

    def _settle(self, connections: Sequence[Connection]) -> Sequence[bool]:
        """Write down, in one commit, the pages that are about to leave; called by any thread.

        What it could not write down is forgotten: alone, it waits as long as it must, or says what is wrong.
        """
        given = [one.leaving.reading for one in connections if one.leaving.reading is not None]
        try:
            stands = record_together(self._program, given)
        except Exception:
            log.warning("pages-not-written", exc_info=True)
            stands = [False] * len(given)
        for one, stand in zip(connections, stands, strict=True):
            if not stand:
                one.forget()
        return stands

    # What follows is called by the main thread, but for prepare_answer.

    def add_task(self, task: Any) -> None:
        """Put a request that is read in line, or refuse it."""
        request: Request = task.requests[0]
        kind = _kind_of(request)
        if kind not in (Kind.URGENT, Kind.HEALTH):
            present = self._dispatcher.line.present(task.asker)
            problem = limits.refuse_request(task.asker, present, self._rate, self._look_at_owed())
            if problem is not None:
                request.error = TooManyRequests(problem)
                kind = Kind.URGENT
        is_stranger = not task.asker.startswith(_PEER)  # whose password may have to be hashed
        self._dispatcher.put(task, task.asker, kind, alone=is_stranger)

    def asker_of(self, connection: Connection, request: Request) -> str:
        """For whom the request counts."""
        headers = request.headers
        peer_id = self._proven.peer_of(headers.get("AUTHORIZATION", ""))
        if peer_id is not None and is_taxii(request.path):
            return f"{_PEER}{peer_id}"
        forwarded = headers.get("X_FORWARDED_FOR", "")
        if forwarded and connection.source == self._proxy:
            return source_of(forwarded.rpartition(",")[2].strip())
        return connection.source

    def max_body(self, request: Request) -> int:
        is_small = is_taxii(request.path)
        return self._settings.max_content_bytes + _TAXII_SLACK if is_small else MAX_BODY_BYTES

    def prepare_body(self, request: Request) -> None:
        """To disk early, where many are in memory already."""
        held = sum(one.held for one in self._connections())
        if request.body_rcv is not None and held > limits.BODIES_IN_MEMORY:
            request.body_rcv.getbuf().overflow = limits.EARLY

    def check_body(self, connection: Connection, request: Request) -> None:
        problem = limits.refuse_body(connection.asker, self._connections())
        if problem is not None:
            request.refuse(TooManyRequests(problem))

    def prepare_answer(self, buffer: Any) -> None:
        """To disk early, where many are in memory already; called by any thread."""
        if self._owed > limits.OWED_IN_MEMORY:
            buffer.overflow = limits.EARLY

    def make_room(self, newest: Connection) -> None:
        is_shared = bool(self._proxy) and newest.source == self._proxy
        closing: Any = newest
        closed: Any = limits.to_close(closing, self._connections(), is_shared=is_shared)
        if closed is not None:
            closed.handle_close()

    def maintenance(self, now: float) -> None:
        """Give up what is overdue."""
        steady = time.monotonic()
        for one in self._connections():
            if one.is_overdue(steady):
                one.will_close = True
        self._look_at_owed()

    def _look_at_owed(self) -> list[Any]:
        """The connections whose answers are not taken; where all is too much, the oldest are given up."""
        owing = [one for one in self._connections() if one.total_outbufs_len]
        self._owed = sum(one.total_outbufs_len for one in owing)
        if self._owed > limits.OWED:
            given_up: list[Any] = limits.to_give_up(owing)
            for one in given_up:
                one.will_close = True
        return owing

    def _connections(self) -> list[Any]:
        channels: Any = self.active_channels  # a dict, whatever its types say
        return list(channels.values())


def _kind_of(request: Request) -> Kind:
    if request.error is not None:
        return Kind.URGENT
    if request.path.startswith("/health/"):
        return Kind.HEALTH
    if not is_taxii(request.path):
        return Kind.PAGE
    writes = request.body_bytes_received or request.command == "DELETE"
    return Kind.WRITE if writes else Kind.READ


def _adjustments(settings: Settings, threads: int) -> Any:
    return Adjustments(
        threads=threads,
        ident=None,
        recv_bytes=64 * 1024,  # 8 KiB, its default, cost a tenth of a POST of 1,000 objects
        asyncore_use_poll=True,
        connection_limit=limits.CONNECTIONS + _SPARE,
        cleanup_interval=_CHECK_S,
        max_request_header_size=32 * 1024,
        max_request_body_size=MAX_BODY_BYTES,
        inbuf_overflow=1024 * 1024,
        clear_untrusted_proxy_headers=True,
        **_proxy(settings.trusted_proxy),
    )


def _proxy(address: str) -> dict[str, Any]:
    if not address:
        return {}
    return {
        "trusted_proxy": address,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "trusted_proxy_count": 1,
    }


def _allow_files() -> None:
    """As many open files as the limits need, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
