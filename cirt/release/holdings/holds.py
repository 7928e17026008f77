"""Who holds what of ours: one object and one peer, by one feed or one of the other exits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cirt.kernel.tlp import Tlp
from cirt.release.holdings.models import Exit


class Version(NamedTuple):
    """A version that somebody holds, as far as the ledger tells of it."""

    version_us: int
    text: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class Got:
    """One version that went to a peer: when, on which way, under which marking and agreement."""

    version_id: int
    version: Version
    at: datetime
    way: str  # of a page: its endpoint, objects or object; else the exit
    tlp: Tlp
    agreement: str | None  # MOU-2026-0001 v2; None: not known, or there was none
    is_sealed: bool = False  # went by mail as TLP:RED: for those of us who are named on it


@dataclass(slots=True)
class Hold:
    """One object and one feed of a peer, or one of the other exits to it; by mail, one person there.

    ``since`` is the first offer (None: it was handed out and never offered); ``is_open``: some version of it, or
    its revocation, can be fetched now.
    """

    object_id: int
    peer_id: int
    collection_id: int | None
    feed_id: int | None
    exit: Exit | None = None
    person: str | None = None  # of theirs, where it went to one
    since: datetime | None = None
    is_open: bool = False
    got: list[Got] = field(default_factory=list)  # oldest first
    owed: bool = False  # its revocation is offered and was not fetched

    @property
    def is_of_peer(self) -> bool:
        """Whether the organisation itself got it: what one person there got by mail is theirs alone."""
        return self.exit is not Exit.MAIL

    @property
    def had_it(self) -> bool:
        """Whether any version but a revocation went there."""
        return any(not each.version.revoked for each in self.got)

    @property
    def knows(self) -> bool:
        """Whether the newest thing that went there says that it is revoked."""
        return any(each.version.revoked for each in self.got)

    @property
    def first(self) -> Got | None:
        return self.got[0] if self.got else None

    @property
    def newest(self) -> Got | None:
        return max(self.got, key=lambda each: each.version.version_us, default=None)
