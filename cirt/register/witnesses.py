"""How many saw something independently: what was passed on counts once, by whoever made it. Pure.

Who brought an object is proved, who made it is its own claim. So each counts who has both a bringer and an author that no
other needs: a peer that claims many authors counts once, and an author whom many pass on counts once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_MINUTE_US = 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Witness:
    """An object that says so. ``author``: the identity that it claims, None: no one; ``name``: as its author is known."""

    bringer: str
    author: str | None
    name: str | None  # of the author, where that is a peer
    title: str | None = None
    began_us: int | None = None

    @property
    def copied(self) -> tuple[str, int] | None:
        """Alike in two objects only where one is a copy: a name and an instant that nobody rounds to."""
        if self.title and self.began_us is not None and self.began_us % _MINUTE_US:
            return self.title, self.began_us
        return None


def independent(said: Iterable[Witness]) -> tuple[str, ...]:
    """Their names: the author's where it is a peer, else the bringer's. In the order in which they were given."""
    seen = list(dict.fromkeys(said))
    authors = _authors(seen)
    brought: dict[str, list[str]] = {}
    for author, witness in zip(authors, seen, strict=True):
        brought.setdefault(witness.bringer, []).append(author)
    stands_for: dict[str, str] = {}  # the bringer by which each author counts
    for bringer in brought:
        _place(bringer, brought, stands_for, set())
    names: dict[str, str | None] = {}
    for author, witness in zip(authors, seen, strict=True):
        names.setdefault(author, witness.name)  # of a copy it is another's
    order = dict.fromkeys(author for author in authors if author in stands_for)
    return tuple(dict.fromkeys(names[author] or stands_for[author] for author in order))


def _authors(seen: list[Witness]) -> list[str]:
    """Of each; of one that names none its bringer. Copies have the author of the first that is named."""
    copies: dict[tuple[str, int], str] = {}
    authors = []
    for witness in seen:
        author = witness.author or f"by {witness.name or witness.bringer}"
        authors.append(copies.setdefault(witness.copied, author) if witness.copied else author)
    return authors


def _place(
    bringer: str, brought: dict[str, list[str]], stands_for: dict[str, str], tried: set[str]
) -> bool:
    """Give the bringer an author of its own, if need be by moving another to one of its others."""
    for author in brought[bringer]:
        if author in tried:
            continue
        tried.add(author)
        other = stands_for.get(author)
        if other is None or _place(other, brought, stands_for, tried):
            stands_for[author] = bringer
            return True
    return False
