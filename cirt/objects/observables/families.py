"""What a value lies within: the host of a URL, and of a domain those above it that one owner can have.

Networks around an address are apart, in ``networks``: they are a matter of numbers.
"""

import re
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from cirt.objects.observables.kinds import Kind, Observable

_FOUR_NUMBERS = re.compile(r"[0-9.]+")


@cache
def _suffixes() -> PublicSuffixList:
    """With those under which a firm lets anybody have a name: their customers have nothing in common."""
    return PublicSuffixList(accept_unknown=False, only_icann=False)


def host_of(observable: Observable) -> Observable | None:
    """The address or domain on which a canonical URL is; None for all else, and where its host is neither."""
    if observable.kind is not Kind.URL:
        return None
    authority = observable.value.partition("://")[2].partition("/")[0]
    place = authority.rpartition("@")[2]
    if place.startswith("["):
        return Observable(Kind.IPV6, place[1:].partition("]")[0])
    host = place.partition(":")[0]
    if _FOUR_NUMBERS.fullmatch(host):
        return Observable(Kind.IPV4, host)
    return Observable(Kind.DOMAIN, host) if "." in host else None


@lru_cache(maxsize=8192)
def wider(observable: Observable) -> tuple[Observable, ...]:
    """What it lies within, the nearest first: a URL within its host, a domain within the domains above it.

    A public suffix is nobody's, so nothing lies within it. Of a top-level domain that the list does not know, the last
    label alone is one.
    """
    host = host_of(observable)
    first = (host,) if host is not None else ()
    domain = host or observable
    return (*first, *_above(domain.value)) if domain.kind is Kind.DOMAIN else first


def _above(name: str) -> tuple[Observable, ...]:
    suffix = _suffixes().publicsuffix(name) or name.rpartition(".")[2]
    found = []
    while (name := name.partition(".")[2]) and len(name) > len(suffix):
        found.append(Observable(Kind.DOMAIN, name))
    return tuple(found)
