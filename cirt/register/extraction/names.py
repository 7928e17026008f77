"""Whether dotted words end in a top-level domain that exists, and where such a name ends in a sentence."""

from functools import lru_cache

from cirt.objects.observables import values

_RESERVED_TOPS = frozenset({"example", "test", "invalid", "local", "internal", "lan", "i2p"})
# Addresses written backwards, services that neighbours call out, and groups of an interface.
_NO_NAMES = (
    ".in-addr.arpa",
    ".ip6.arpa",
    "._tcp.local",
    "._udp.local",
    ".k8s.io",
    ".kubernetes.io",
)


@lru_cache(maxsize=4096)
def host_of(dotted: str) -> str | None:
    """``dotted`` as far as it is a name under a top-level domain that exists, or None."""
    written = dotted.rstrip("-_")
    head, _, top = written.rpartition(".")
    cut = top if top.lower().startswith("xn--") else top.partition("-")[0]
    name = f"{head}.{cut}"
    if _exists(name):
        return name
    inner = head.rpartition(".")[2]
    is_next_sentence = top[:1].isupper() or top.isascii() != inner.isascii()
    return head if "." in head and is_next_sentence and _exists(head) else None


def _exists(name: str) -> bool:
    value = values.domain(name)
    if value is None or value.endswith(_NO_NAMES):
        return False
    return values.is_registrable(value) or value.rpartition(".")[2] in _RESERVED_TOPS
