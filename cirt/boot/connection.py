"""One connection: its requests one after the other, its deadlines, and an end at which a refusal still arrives."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel

from cirt.boot import limits
from cirt.boot.refusals import AnswerTask, RefusalTask
from cirt.boot.requests import Request
from cirt.kernel.sources import source_of
from cirt.taxii import Leaving

log = logging.getLogger("cirt.server")

_MIB = 1024 * 1024
_DISCARD = 64 * 1024


class Connection(HTTPChannel):
    """Waitress's channel, which has no deadline but idleness and reads ahead as much as it is sent.

    ``until`` is when it is given up. It begins as a time of grace, and every byte that comes or goes adds what
    it may take at the least pace: a fast one never comes near it, and one that trickles soon does.
    """

    parser_class = Request
    error_task_class = RefusalTask
    refuses_rest = False  # a refusal was written while the caller may still be sending

    def __init__(
        self,
        server: Any,
        sock: socket.socket,
        addr: Any,
        adj: Any,
        map: Any = None,  # noqa: A002 - its name in waitress
    ) -> None:
        self.source = self.asker = source_of(str(addr[0]))
        self.since = time.monotonic()  # how long nothing was in work
        self.until = self.since + limits.HEADER_S
        self._grace = limits.HEADER_S
        self._ahead = b""
        self._checked = 0
        self._is_lingering = False
        self._prepared: AnswerTask | None = None
        super().__init__(server, sock, addr, adj, map)
        self.guard: Any = server
        self.guard.make_room(self)

    @property
    def held(self) -> int:
        reading: Any = self.request
        here = (*self.requests, reading) if reading is not None else tuple(self.requests)
        return sum(request.body_bytes_received for request in here)

    @property
    def owed(self) -> int:
        return int(self.total_outbufs_len)

    def is_overdue(self, now: float) -> bool:
        """While a request is in work and nothing of its answer waits, nothing is asked of the caller."""
        is_in_work = bool(self.requests) and not self.total_outbufs_len
        return now > self.until and not is_in_work

    # -- reading; in the main thread

    def readable(self) -> bool:
        if self._is_lingering:
            return True
        if self._ahead and super().readable():
            self._read_on()
        return super().readable()

    def handle_read(self) -> None:
        if not self._is_lingering:
            super().handle_read()
            return
        try:
            self.recv(_DISCARD)  # closes where nothing more comes
        except OSError:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        self._ahead += data
        return self._read_on()

    def _read_on(self) -> bool:
        """Read one request off what has come; what follows it waits until it is answered and taken."""
        lock: Any = self.requests_lock  # type: ignore[attr-defined]  # missing in its types
        with lock:
            if self.will_close or self.close_when_flushed:
                self._ahead = b""
                return False
            while self._ahead and not self.requests:
                self._read_some()
        return True

    def _read_some(self) -> None:
        request: Any = self.request
        if request is None:
            request = self.request = self.parser_class(self.adj)
            self._allow(limits.HEADER_S)
        is_head = not request.headers_finished
        taken = request.received(self._ahead)
        self._ahead = self._ahead[taken:]
        self._progress(taken)
        if request.headers_finished and request.error is None:
            if is_head:
                self._begin(request)
            self._check_body(request)
        if request.expect_continue and request.headers_finished and not self.sent_continue:
            self.send_continue()
        if request.completed:
            self._finish_reading(request)

    def _begin(self, request: Any) -> None:
        self._checked = 0
        self.asker = self.guard.asker_of(self, request)
        if not request.completed:
            self._allow(limits.BODY_S)
            self.guard.prepare_body(request)

    def _check_body(self, request: Any) -> None:
        request.refuse_above(self.guard.max_body(request))
        if request.body_bytes_received >= self._checked and not request.completed:
            self._checked = request.body_bytes_received + _MIB
            self.guard.check_body(self, request)

    def _finish_reading(self, request: Any) -> None:
        self.sent_continue = False
        self.request = None
        if request.empty:
            return
        request.is_whole = request.error is None
        if not request.is_whole:
            self._ahead = b""
        requests: Any = self.requests
        requests.append(request)
        self.guard.add_task(self)

    # -- answering; in a thread of the dispatcher

    def prepare(self) -> int:
        """Have the answer made, not sent; its size in bytes if its page must be written down before it is.

        Where that breaks, it is made again by ``service``, with a second line in the log.
        """
        requests: Any = self.requests
        try:
            self._prepared = AnswerTask(self, requests[0])
            self._prepared.prepare()
        except Exception:
            log.warning("not-prepared", exc_info=True)
            self.forget()
        return 0 if self.leaving.reading is None else max(1, self.leaving.size)

    @property
    def leaving(self) -> Leaving:
        return Leaving() if self._prepared is None else self._prepared.leaving

    def afterwards(self) -> Callable[[], None] | None:
        return self.leaving.afterwards

    def forget(self) -> None:
        """What was prepared must not be sent: the answer is made again."""
        if self._prepared is not None:
            self._prepared.forget()
            self._prepared = None

    def task_class(self, _channel: Any, request: Any) -> AnswerTask:  # type: ignore[override]
        """Of waitress a class, of which one object is made for each request."""
        prepared, self._prepared = self._prepared, None
        return prepared or AnswerTask(self, request)

    def service(self) -> None:
        super().service()
        self.since = time.monotonic()
        self._allow(limits.BODY_S if self.total_outbufs_len else limits.IDLE_S)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Here waitress waits, with a thread, for a slow reader."""
        self._allow(limits.BODY_S)
        super()._flush_outbufs_below_high_watermark()  # type: ignore[misc]  # missing in its types

    def _flush_some(self, do_close: bool = True) -> bool:
        before = self.total_outbufs_len
        flushed: bool = super()._flush_some(do_close=do_close)  # type: ignore[misc]
        self._progress(max(0, before - self.total_outbufs_len))
        return flushed

    def write_soon(self, data: bytes) -> int:
        outbufs: Any = self.outbufs
        self.guard.prepare_answer(outbufs[-1])
        if not self.total_outbufs_len:
            self._allow(limits.BODY_S)
        return super().write_soon(data)

    # -- ending; in the main thread

    def handle_write(self) -> None:
        if not (self.refuses_rest and self.close_when_flushed) or self.will_close:
            super().handle_write()
            return
        flush_exception: Any = self._flush_exception  # type: ignore[attr-defined]  # missing in its types
        _, is_broken = flush_exception(self._flush_some)
        if is_broken:
            self.handle_close()
        elif not self.total_outbufs_len:
            self._linger()

    def _linger(self) -> None:
        """Closing while bytes still come would take the refusal away from who is sending them."""
        self.close_when_flushed = False
        self._is_lingering = True
        self.until = time.monotonic() + limits.LINGER_S
        link: Any = self.socket
        try:
            link.shutdown(socket.SHUT_WR)
        except OSError:  # gone already
            self.handle_close()

    # -- deadlines

    def _allow(self, grace_s: float) -> None:
        self._grace = grace_s
        self.until = time.monotonic() + grace_s

    def _progress(self, count: int) -> None:
        if not self._is_lingering:
            latest = time.monotonic() + self._grace
            self.until = min(self.until + count / limits.PACE, latest)
