"""Addresses and networks by number: keys in the order of addresses, and what lies around or within.

The key of an IPv4 address or network is a tag, the address and the length of its prefix, so that all that
lies within a network is one range of keys. 128 bits do not fit: IPv6 keys are a tag and a digest, so that
all of IPv6 is one range. Digests of other kinds fall into the ranges once in millions of times; whoever
reads a range looks at the values.
"""

import ipaddress
from collections.abc import Iterator
from hashlib import blake2b
from socket import AF_INET, inet_pton
from typing import TypeAlias

import sqlalchemy as sa

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_IPV4_TAG, _IPV4_SHIFT, _PREFIX_SHIFT = 0x527634, 38, 6
_PREFIX = (1 << _PREFIX_SHIFT) - 1  # the bits of a key that hold the length
_LONGEST = 32
_IPV6_TAG, _IPV6_SHIFT = 0x636, 52
_ALL_OF_IPV6 = (_IPV6_TAG << _IPV6_SHIFT, ((_IPV6_TAG + 1) << _IPV6_SHIFT) - 1)


def ipv4_key(value: str) -> int | None:
    """The key of a canonical address or network; None if it is neither."""
    address, _, prefix = value.partition("/")
    try:
        number = int.from_bytes(inet_pton(AF_INET, address))
    except (OSError, ValueError):
        return None
    return _ipv4_key(number, int(prefix or "32"))


def ipv6_key(value: str) -> int:
    digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (_IPV6_TAG << _IPV6_SHIFT) | (int.from_bytes(digest) >> (64 - _IPV6_SHIFT))


def network(value: str) -> Network:
    """The network that a canonical value writes; an address is a network of one."""
    return ipaddress.ip_network(value)


def around(one: Network) -> Iterator[str]:
    """The canonical values of the network itself and of all that hold it: 33 or 129 at most."""
    yield str(one.network_address) if one.prefixlen == one.max_prefixlen else str(one)
    for length in range(one.prefixlen - 1, -1, -1):
        yield str(one.supernet(new_prefix=length))


def keys_around(one: Network) -> list[int]:
    """The keys of ``around``, for pages that ask for many."""
    if isinstance(one, ipaddress.IPv6Network):
        return [ipv6_key(value) for value in around(one)]
    number, longest = int(one.network_address), one.prefixlen
    bits = one.max_prefixlen
    return [
        _ipv4_key(number >> (bits - length) << (bits - length), length)
        for length in range(longest, -1, -1)
    ]


def holds(outer: Network, inner: Network) -> bool:
    """Whether all of ``inner`` lies within ``outer``, of the same family."""
    return inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def keys_within(one: Network) -> tuple[int, int]:
    """The first and the last key that anything within the network can have."""
    if isinstance(one, ipaddress.IPv6Network):
        return _ALL_OF_IPV6
    first, last = int(one.network_address), int(one.broadcast_address)
    return _ipv4_key(first, 0), _ipv4_key(last, one.max_prefixlen)


def keys_of_ipv6() -> tuple[int, int]:
    """The first and the last key that any address or network of IPv6 can have."""
    return _ALL_OF_IPV6


def range_of(
    key: sa.ColumnElement[int],
) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """In SQL, from the key of a network of IPv4: the first and the last key that anything within it can have."""
    first = key.bitwise_and(~_PREFIX)
    length = sa.cast(key.bitwise_and(_PREFIX), sa.Integer)
    others = sa.cast(sa.literal_column("1"), sa.BigInteger).bitwise_lshift(_LONGEST - length)
    return first, first + (others - 1) * (_PREFIX + 1) + _LONGEST


def _ipv4_key(number: int, prefix: int) -> int:
    return (_IPV4_TAG << _IPV4_SHIFT) | (number << _PREFIX_SHIFT) | prefix
