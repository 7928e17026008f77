"""From a name to a connected socket: only to addresses that are permitted, and before a deadline.

The address that was checked is the address that is spoken to, also when the name is rebound.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from cirt.kernel.net_errors import (
    AddressRefused,
    NameUnknown,
    NotReached,
    TooSlow,
    UrlWrong,
    why_not_reached,
)
from cirt.kernel.settings import Network

_MOST_ADDRESSES = 8  # of one name that are tried in turn
_NAT64 = IPv6Network("64:ff9b::/96")  # carries an IPv4 address in its last 32 bits
_UNICAST = IPv6Network("2000::/3")  # all that IANA gives out of IPv6
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request. ``max_bytes`` counts twice: as sent, and unpacked."""

    connect_s: float = 10
    read_s: float = 30
    deadline_s: float = 60
    max_bytes: int = 64 * 1024 * 1024


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
    parts = split(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS[parts.scheme]


def split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError:
        raise UrlWrong(url=url[:200]) from None
    if not good or "@" in parts.netloc or not parts.netloc.isascii():
        raise UrlWrong(url=url[:200])
    return parts


class Watch:
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


def connected(
    host: str,
    port: int,
    limits: Limits,
    allow: Sequence[Network],
    watch: Watch,
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
    raise why_not_reached(failure, host, port) from failure


def _addresses(
    host: str, port: int, allow: Sequence[Network], watch: Watch
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


def _looked_up(host: str, port: int, watch: Watch) -> list[Any]:
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
