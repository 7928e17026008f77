"""Which types a link carries: asked of the peer, and looked at again, for some servers ignore what is asked."""

from collections.abc import Collection, Sequence

from cirt.objects.codec import Read

NEEDED = frozenset({"extension-definition", "identity", "marking-definition"})
"""What the others rest on; without it they could not be read, or not be let in."""


def asked_types(types: Sequence[str] | None) -> str | None:
    """The value of match[type] (TAXII 2.1, section 3.4); None where every type is wanted."""
    return ",".join(sorted(NEEDED.union(types))) if types else None


def is_wanted(read: Read, types: Collection[str] | None) -> bool:
    """What is broken so badly that it has no type is wanted, to be refused with its reason."""
    return read.stix_id is None or is_carried(read.stix_id, types)


def is_carried(stix_id: str, types: Collection[str] | None) -> bool:
    kind = stix_id.partition("--")[0]
    return not types or kind in types or kind in NEEDED
