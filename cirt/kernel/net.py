"""Outgoing HTTP to one origin: deadlines, size limits, checked addresses; no redirects, proxies or cookies.

Other protocols get a :class:`Line` under the same rules.

On the standard library's ``http.client``, whose lines and header counts are bounded; the socket is ours, so
that the address that was checked is the address that is spoken to, also when the name is rebound.
"""

import errno
import http.client
import io
import queue
import select
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

import certifi

from cirt.kernel.errors import Unavailable
from cirt.kernel.settings import Network
from cirt.kernel.text import mark
from cirt.kernel.tls import Fault, TlsTerms, context_of, fault_of

_CHUNK = 64 * 1024
_MOST_ADDRESSES = 8  # of one name that are tried in turn
_NAT64 = IPv6Network("64:ff9b::/96")  # carries an IPv4 address in its last 32 bits
_UNICAST = IPv6Network("2000::/3")  # all that IANA gives out of IPv6
_PORTS = {"http": 80, "https": 443}


class NetError(Unavailable):
    """Why no answer could be had; ``retry`` says whether asking again may help."""

    code = "net"
    retry = False


class UrlWrong(NetError):
    code = "url-wrong"
    message = mark("“{url}” is no http or https address. Correct it with: cirt peer set.")


class OtherOrigin(NetError):
    code = "other-origin"
    message = mark(
        "The peer points to {url}, outside {origin}. Nothing is sent there; if it is right, set it as"
        " the peer's address."
    )


class NameUnknown(NetError):
    code = "name-unknown"
    message = mark("The name {host} cannot be found. Check the peer's address and our DNS.")
    retry = True


class AddressRefused(NetError):
    code = "address-refused"
    message = mark(
        "{host} leads to {address}, which is not a public address. To permit it, add its network to"
        " CIRT_OUTBOUND_ALLOW."
    )


class NotReached(NetError):
    code = "not-reached"
    message = mark("{host} cannot be reached on port {port}: {reason}.")
    retry = True


class NothingListens(NotReached):
    code = "nothing-listens"
    message = mark(
        "Nothing listens at {host} on port {port}. Check the address, or ask whose server it is"
        " whether it runs."
    )


class NoWayThere(NotReached):
    code = "no-way-there"
    message = mark("No way leads from here to {host}. Check our line, our routes and the firewall.")


class NoReply(NotReached):
    code = "no-reply"
    message = mark(
        "{host} gives no reply on port {port}. Its server is down, or a firewall between us lets nothing"
        " through."
    )


_WHY_NOT_REACHED: Mapping[int, type[NotReached]] = {
    errno.ECONNREFUSED: NothingListens,
    errno.EHOSTUNREACH: NoWayThere,
    errno.ENETUNREACH: NoWayThere,
    errno.ENETDOWN: NoWayThere,
    errno.ETIMEDOUT: NoReply,
}


class TlsFailed(NetError):
    code = "tls-failed"
    message = mark("The certificate or encryption of {host} is not accepted: {reason}.")


class AuthorityUnknown(TlsFailed):
    code = "authority-unknown"
    message = mark(
        "The certificate of {host} is from an authority that we do not know: {reason}. If that is right,"
        " name the authority: for a peer with cirt peer set SLUG --ca-file FILE, for other servers by"
        " SSL_CERT_FILE."
    )


class CertificateOutOfDate(TlsFailed):
    code = "certificate-out-of-date"
    message = mark(
        "The certificate of {host} does not hold today: {reason}. Its operators must renew it; or our"
        " clock is wrong."
    )


class CertificateForOther(TlsFailed):
    code = "certificate-for-other"
    message = mark(
        "The certificate of {host} is for another name. Check the peer's address, or ask its operators."
    )


class OurCertificateRefused(TlsFailed):
    code = "our-certificate-refused"
    message = mark(
        "{host} asks for a client certificate and does not accept ours: {reason}. Set the one that it"
        " gave us with: cirt peer set SLUG --client-cert FILE --client-key FILE"
    )


_TLS_FAULTS = {
    Fault.UNKNOWN_AUTHORITY: AuthorityUnknown,
    Fault.OUT_OF_DATE: CertificateOutOfDate,
    Fault.OTHER_NAME: CertificateForOther,
    Fault.OURS_REFUSED: OurCertificateRefused,
    Fault.OTHER: TlsFailed,
}


class TooSlow(NetError):
    code = "too-slow"
    message = mark("{host} did not answer in full within {limit_s} seconds.")
    retry = True


class ConnectionLost(NetError):
    code = "connection-lost"
    message = mark("The connection to {host} broke off: {reason}.")
    retry = True


class AnswerTooLarge(NetError):
    code = "answer-too-large"
    message = mark("{host} sent more than {limit} bytes in one answer.")


class EncodingWrong(NetError):
    code = "encoding-wrong"
    message = mark("{host} sent an answer in the encoding “{encoding}” that cannot be unpacked.")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request. ``max_bytes`` counts twice: as sent, and unpacked."""

    connect_s: float = 10
    read_s: float = 30
    deadline_s: float = 60
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    url: str
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


Dial: TypeAlias = Callable[[socket.AddressFamily, tuple[str, int], Limits], socket.socket]
"""Connects to one address, which has been checked; raises OSError where nobody answers."""


def dial(family: socket.AddressFamily, address: tuple[str, int], limits: Limits) -> socket.socket:
    """The network as it is; a simulation has another."""
    plain = socket.socket(family, socket.SOCK_STREAM)
    plain.settimeout(limits.connect_s)
    try:
        plain.connect(address)
    except OSError:
        plain.close()
        raise
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.settimeout(limits.read_s)
    return plain


def is_permitted(address: str, allow: Sequence[Network]) -> bool:
    """Whether we may speak to this address: public, or in a network that the settings allow."""
    ip = _inner(ip_address(address.partition("%")[0]))
    if any(ip in network for network in allow):
        return True
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not ip.is_multicast


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one carries, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port.

    Raises:
        UrlWrong: it has no http or https scheme, no host, or carries a name and password.
    """
    parts = _split(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        raise UrlWrong(url=url[:200]) from None
    if not good or "@" in parts.netloc or not parts.netloc.isascii():
        raise UrlWrong(url=url[:200])
    return parts


class _Watch:
    """Shuts the socket at the deadline, whatever is being waited for: TLS, headers or body."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None
        self.expired = False
        self.seconds = 0.0
        self._until = 0.0

    def left_s(self) -> float:
        """Until the deadline that is armed; for what waits where there is no socket to shut."""
        return max(0.0, self._until - time.monotonic())

    def over(self, connected: socket.socket) -> None:
        with self._lock:  # a duplicate, for TLS takes the descriptor from the socket it wraps
            if self._twin is not None:
                self._twin.close()
            self._twin = connected.dup()
        if self.expired:
            self._shut()

    @contextmanager
    def armed(self, seconds: float) -> Iterator[None]:
        self.expired, self.seconds = False, seconds
        self._until = time.monotonic() + seconds
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        with self._lock:
            if self._twin is not None:
                self._twin.close()
            self._twin = None

    def _expire(self) -> None:
        self.expired = True
        self._shut()

    def _shut(self) -> None:
        with self._lock:
            if self._twin is not None:
                try:
                    self._twin.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # it was closed already


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
        watch: _Watch,
        tls: TlsTerms | None,
        dial_: Dial,
    ) -> None:
        scheme, host, port = origin
        self.default_port = _PORTS[scheme]
        super().__init__(host, port)
        self._tls, self._terms = scheme == "https", tls
        self._limits, self._allow, self._watch = limits, allow, watch
        self._dial = dial_

    def connect(self) -> None:
        plain = _connected(self.host, self.port, self._limits, self._allow, self._watch, self._dial)
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


def _connected(
    host: str,
    port: int,
    limits: Limits,
    allow: Sequence[Network],
    watch: _Watch,
    dial_: Dial,
) -> socket.socket:
    """A socket to the first address of the name that answers before the deadline."""
    failure: OSError | None = None
    for family, address in _addresses(host, port, allow, watch)[:_MOST_ADDRESSES]:
        left_s = watch.left_s()
        if not left_s:
            raise TooSlow(host=host, limit_s=round(watch.seconds, 1))
        try:
            return dial_(family, address, replace(limits, connect_s=min(limits.connect_s, left_s)))
        except OSError as error:
            failure = error
    if failure is None:
        raise NotReached(host=host, port=port, reason="no address")
    raise _not_reached(failure, host, port) from failure


def _not_reached(failure: OSError, host: str, port: int) -> NotReached:
    """In words for what usually happens; in the system's words for the rest."""
    if isinstance(failure, TimeoutError):
        return NoReply(host=host, port=port)
    kind = _WHY_NOT_REACHED.get(failure.errno or 0)
    if kind is None:
        return NotReached(host=host, port=port, reason=str(failure.strerror or failure))
    return kind(host=host, port=port)


def _addresses(
    host: str, port: int, allow: Sequence[Network], watch: _Watch
) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """Every address of the name; if one of them is not permitted, none is used."""
    try:
        found = _looked_up(host, port, watch)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(host=host) from error
    for entry in found:
        if not is_permitted(str(entry[4][0]), allow):
            raise AddressRefused(host=host, address=entry[4][0])
    return [(entry[0], entry[4]) for entry in found]


def _looked_up(host: str, port: int, watch: _Watch) -> list[Any]:
    """Looking up a name cannot be broken off; so a thread does it, which is left alone if it takes too long."""
    done: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            done.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            done.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        found = done.get(timeout=watch.left_s())
    except queue.Empty:
        raise TooSlow(host=host, limit_s=round(watch.seconds, 1)) from None
    if isinstance(found, Exception):
        raise found
    return found


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
        self._watch = _Watch()
        with ExitStack() as until_closed:
            until_closed.enter_context(self._watch.armed(limits.deadline_s))
            self.socket = _connected(host, port, limits, allow, self._watch, dial)
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
        self._watch = _Watch()
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
        kept, came, size = [], 0, 0
        while chunk := response.read(_CHUNK):
            came += len(chunk)
            self.traffic += len(chunk)
            for piece in unpack(chunk):
                size += len(piece)
                if max(came, size) > self.limits.max_bytes:
                    raise AnswerTooLarge(host=self.origin[1], limit=self.limits.max_bytes)
                kept.append(piece)
        if self._watch.expired:  # a body without a length ends where the socket was shut
            raise TooSlow(host=self.origin[1], limit_s=round(self._watch.seconds, 1))
        if response.length:  # the body ended before its announced length
            raise ConnectionLost(host=self.origin[1], reason="the answer is incomplete")
        return b"".join(kept)

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
        return _TLS_FAULTS[fault_of(error)](host=host, reason=reason)
    if isinstance(error, zlib.error | EOFError):
        return EncodingWrong(host=host, encoding="gzip")
    if isinstance(error, ConnectionRefusedError):
        return NothingListens(host=host, port=port)
    return ConnectionLost(host=host, reason=type(error).__name__)


def _target(url: str) -> str:
    parts = _split(url)
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
