"""Outgoing HTTP to one origin: deadlines, size limits, checked addresses; no redirects, proxies or cookies.

Other protocols get a :class:`Line` under the same rules.

On the standard library's ``http.client``, whose lines and header counts are bounded; the socket is ours, so
that the address that was checked is the address that is spoken to, also when the name is rebound.
"""

import http.client
import io
import select
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import certifi

from cirt.kernel.net_errors import (
    TLS_FAULTS,
    AnswerTooLarge,
    ConnectionLost,
    EncodingWrong,
    NetError,
    NothingListens,
    OtherOrigin,
    TooSlow,
)
from cirt.kernel.reaching import PORTS, Dial, Limits, Watch, connected, dial, origin_of, split
from cirt.kernel.settings import Network
from cirt.kernel.tls import TlsTerms, context_of, fault_of

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    url: str
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class _Whole(io.BufferedReader):
    """What an answer is read from. A chunk of “-1” bytes would have it read all that a peer ever sends."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.HTTPException
        return super().read(size)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp = _Whole(self.fp.detach())


class _Connection(http.client.HTTPConnection):
    """Opens its socket to a checked address only."""

    response_class = _Response

    def __init__(
        self,
        origin: tuple[str, str, int],
        limits: Limits,
        allow: Sequence[Network],
        watch: Watch,
        tls: TlsTerms | None,
        dial_: Dial,
    ) -> None:
        scheme, host, port = origin
        self.default_port = PORTS[scheme]
        super().__init__(host, port)
        self._tls, self._terms = scheme == "https", tls
        self._limits, self._allow, self._watch = limits, allow, watch
        self._dial = dial_

    def connect(self) -> None:
        plain = connected(self.host, self.port, self._limits, self._allow, self._watch, self._dial)
        self._watch.over(plain)
        self.sock = plain
        if self._tls:
            context = context_of(self._terms) if self._terms else tls_context()
            self.sock = context.wrap_socket(plain, server_hostname=self.host)

    def let_go_if_spoken_to(self) -> None:
        """What stands there before anybody asks, an end or a second answer, is none to the next question."""
        if isinstance(self.sock, ssl.SSLSocket):
            has_spoken = self.sock.pending() > 0
        elif isinstance(self.sock, socket.socket):
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            has_spoken = bool(poll.poll(0))
        else:
            has_spoken = False
        if has_spoken:
            self.close()

    def hear_why(self) -> None:
        """What a server said before it hung up while we were still speaking, such as what is wrong with our certificate.

        Raises:
            ssl.SSLError: that.
        """
        if isinstance(self.sock, ssl.SSLSocket):
            with suppress(ssl.SSLEOFError, ConnectionError):
                self.sock.recv(1)


class Line:
    """A connection for another protocol than HTTP: to a checked address, shut at its deadline."""

    def __init__(
        self, host: str, port: int, *, tls: bool, allow: Sequence[Network], limits: Limits
    ) -> None:
        """
        Raises:
            NetError.
        """
        self.host, self.port, self.limits = host, port, limits
        self._watch = Watch()
        with ExitStack() as until_closed:
            until_closed.enter_context(self._watch.armed(limits.deadline_s))
            self.socket = connected(host, port, limits, allow, self._watch, dial)
            until_closed.callback(self._watch.close)
            self._watch.over(self.socket)
            self._until_closed = until_closed.pop_all()
        if tls:
            self.secure()

    def explain(self, error: Exception) -> NetError:
        """What a library that spoke over this line ran into, in our words."""
        expired = self._watch.expired
        return _explained(error, self.host, self.port, self.limits, expired=expired)

    def close(self) -> None:
        self.socket.close()
        self._until_closed.close()

    @property
    def is_local(self) -> bool:
        """Whether it ends on this host, so that nobody else can read along."""
        return ip_address(self.socket.getpeername()[0].partition("%")[0]).is_loopback

    def secure(self) -> None:
        """TLS from here on, where the protocol begins without it; the certificate is checked.

        Raises:
            NetError: the line is closed then.
        """
        try:
            self.socket = tls_context().wrap_socket(self.socket, server_hostname=self.host)
        except OSError as error:
            self.close()
            raise self.explain(error) from error


@cache
def tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # beside the system's, which may be empty
    return context


class HttpClient:
    """One kept connection to one origin; for one thread at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        allow: Sequence[Network] = (),
        limits: Limits | None = None,
        headers: Mapping[str, str] | None = None,
        tls: TlsTerms | None = None,
        dial_: Dial = dial,
    ) -> None:
        """
        Raises:
            UrlWrong.
        """
        self.origin = origin_of(base_url)
        self.limits = limits or Limits()
        self._headers = dict(headers or {})
        self._watch = Watch()
        self._connection = _Connection(self.origin, self.limits, allow, self._watch, tls, dial_)
        self.traffic = 0  # bytes both ways, bodies as they went over the wire and headers

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline_s: float | None = None,
    ) -> Answer:
        """The answer as it came, whatever its status; ``deadline_s`` where it is due sooner than the limits say.

        Raises:
            NetError: there is none, or none that we take.
        """
        if origin_of(url) != self.origin:
            raise OtherOrigin(url=url[:200], origin="{}://{}:{}".format(*self.origin))
        every = {"Accept-Encoding": "gzip", **self._headers, **(headers or {})}
        due_s = min(self.limits.deadline_s, deadline_s or self.limits.deadline_s)
        with self._watch.armed(due_s), self._explained():
            self.traffic += len(url) + _size(every.items()) + len(body or b"")
            self._connection.let_go_if_spoken_to()
            try:
                self._connection.request(method, _target(url), body=body, headers=every)
            except (ssl.SSLEOFError, BrokenPipeError, ConnectionResetError):
                self._connection.hear_why()
                raise
            with self._connection.getresponse() as response:
                self.traffic += _size(response.getheaders())
                return Answer(url, response.status, _lower(response), self._read(response))

    def close(self) -> None:
        self._connection.close()
        self._watch.close()

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        encoding = (response.headers.get("Content-Encoding") or "identity").strip().casefold()
        unpack = _unpacker(encoding)
        if unpack is None:
            raise EncodingWrong(host=self.origin[1], encoding=encoding[:40])
        kept, came, size = io.BytesIO(), 0, 0
        while chunk := response.read(_CHUNK):
            came += len(chunk)
            self.traffic += len(chunk)
            for piece in unpack(chunk):
                size += len(piece)
                if max(came, size) > self.limits.max_bytes:
                    raise AnswerTooLarge(host=self.origin[1], limit=self.limits.max_bytes)
                kept.write(piece)
        if self._watch.expired:  # a body without a length ends where the socket was shut
            raise TooSlow(host=self.origin[1], limit_s=round(self._watch.seconds, 1))
        if response.length:  # the body ended before its announced length
            raise ConnectionLost(host=self.origin[1], reason="the answer is incomplete")
        return kept.getvalue()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what sockets, TLS and HTTP raise into our errors; after one, begin a new connection."""
        host, port = self.origin[1], self.origin[2]
        try:
            yield
        except NetError:
            self._connection.close()
            raise
        except (OSError, http.client.HTTPException, zlib.error, EOFError) as error:
            self._connection.close()
            expired = self._watch.expired
            raise _explained(error, host, port, self._limits_now(), expired=expired) from error

    def _limits_now(self) -> Limits:
        return replace(self.limits, deadline_s=round(self._watch.seconds, 1))


def _explained(
    error: Exception, host: str, port: int, limits: Limits, *, expired: bool
) -> NetError:
    if expired or isinstance(error, TimeoutError):
        return TooSlow(host=host, limit_s=limits.deadline_s if expired else limits.read_s)
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        reason = getattr(error, "verify_message", "") or error.reason or "TLS"
        return TLS_FAULTS[fault_of(error)](host=host, reason=reason)
    if isinstance(error, zlib.error | EOFError):
        return EncodingWrong(host=host, encoding="gzip")
    if isinstance(error, ConnectionRefusedError):
        return NothingListens(host=host, port=port)
    return ConnectionLost(host=host, reason=type(error).__name__)


def _target(url: str) -> str:
    parts = split(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?[]")
    return f"{path}?{query}" if query else path


def _size(headers: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _lower(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


class _Gzip:
    """Unpacks piece by piece, so that a small body cannot become a huge one before it is counted."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._inflate.eof:  # another member follows (RFC 1952, section 2.2)
                self._inflate = zlib.decompressobj(wbits=31)
            yield self._inflate.decompress(chunk, _CHUNK)
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data


def _as_is(chunk: bytes) -> Iterator[bytes]:
    yield chunk


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]] | None:
    if encoding in ("gzip", "x-gzip"):
        return _Gzip()
    return _as_is if encoding == "identity" else None
