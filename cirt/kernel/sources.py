"""Who counts as one source of requests."""

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address, ip_address

_LONGEST = 50
_IPV6_NETWORK = 64  # bits; what one customer has at least, so that its addresses count as one


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """``203.0.113.7`` as it is, ``2001:db8::1`` as ``2001:db8::/64``; what is no address in quotes, cut."""
    try:
        ip = ip_address(address.partition("%")[0])
    except (AddressValueError, ValueError):
        return f"'{address[:_LONGEST]}'"
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    network = int(ip) >> (128 - _IPV6_NETWORK) << (128 - _IPV6_NETWORK)
    return f"{IPv6Address(network)}/{_IPV6_NETWORK}"
