"""What may be asked: to look at a part with a lower marking, and to make it."""

from dataclasses import dataclass

from cirt.kernel.tlp import Tlp


@dataclass(frozen=True, slots=True)
class PreparePart:
    """From an incident or a release, by reference. ``words`` are further ones to take out, one a line."""

    tlp: Tlp
    reason: str
    stix_ids: tuple[str, ...]
    words: str = ""
    keep_text: bool = False
    derived_from: bool = False  # say of what it was made, where the original may be known
    incident: str | None = None
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """What makes two drafts of the same the same: the ids are drawn from ``secret``."""

    secret: str
    at_us: int
