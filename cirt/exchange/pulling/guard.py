"""Bounds of a walk over a peer's pages."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cirt.exchange import trouble
from cirt.exchange.remote.collections import Page
from cirt.exchange.runs import Caps

_STALE_PAGES = 100  # with nothing new and no later date; known objects read again have later dates
_EMPTY_PAGES = 5


@dataclass(slots=True)
class Guard:
    """Notices that a peer leads us in a circle, or on without end."""

    caps: Caps
    started_at: datetime
    seen: set[bytes] = field(default_factory=set)  # digests of pages
    pages: int = 0
    objects: int = 0
    stale: int = 0
    empty: int = 0

    def over_limit(self, now: datetime) -> str | None:
        if self.pages >= self.caps.pages:
            return f"{self.caps.pages} pages"
        if self.objects >= self.caps.objects:
            return f"{self.caps.objects} objects"
        return f"{self.caps.time}" if now - self.started_at > self.caps.time else None

    def note(self, page: Page, *, is_new: bool) -> None:
        """Count a page that another is to follow.

        A token may come again: medallion's stands for a place that moves on. The same page may not.

        Raises:
            NoProgress.
        """
        self.stale = 0 if is_new else self.stale + 1
        self.empty = 0 if page.pieces else self.empty + 1
        if self.empty >= _EMPTY_PAGES:
            raise trouble.NoProgress(problem=f"{self.empty} pages in a row were empty")
        if self.stale >= _STALE_PAGES:
            raise trouble.NoProgress(problem=f"{self.stale} pages in a row brought nothing new")
        if page.pieces:
            digest = hashlib.sha256(b"\n".join(page.pieces)).digest()
            if digest in self.seen:
                raise trouble.NoProgress(problem="it sent the same page twice")
            self.seen.add(digest)

    def begin_again(self) -> None:
        self.seen.clear()
