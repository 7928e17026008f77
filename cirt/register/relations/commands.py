"""What may be asked about links between incidents."""

from dataclasses import dataclass
from enum import StrEnum

from cirt.register.relations.models import RelationKind


class Wish(StrEnum):
    """How the one who asks says it, seen from the incident at hand."""

    PART_OF = "part-of"
    HAS_PART = "has-part"
    FOLLOWS = "follows"
    LED_TO = "led-to"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class LinkIncidents:
    reference: str
    other: str
    wish: Wish
    note: str = ""


@dataclass(frozen=True, slots=True)
class UnlinkIncidents:
    reference: str
    other: str


# Kind, and whether it points from the incident at hand to the other.
MEANT: dict[Wish, tuple[RelationKind, bool]] = {
    Wish.PART_OF: (RelationKind.PART_OF, True),
    Wish.HAS_PART: (RelationKind.PART_OF, False),
    Wish.FOLLOWS: (RelationKind.FOLLOWS, True),
    Wish.LED_TO: (RelationKind.FOLLOWS, False),
    Wish.RELATED: (RelationKind.RELATED, True),
}


def wish_of(kind: RelationKind, is_from: bool) -> Wish:
    """How a link reads from one of its sides."""
    if kind is RelationKind.RELATED:
        return Wish.RELATED
    return next(wish for wish, meant in MEANT.items() if meant == (kind, is_from))
