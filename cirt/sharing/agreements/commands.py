"""What may be asked of agreements. A day given as the end is included; an instant is not."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, TypeAlias

from cirt.kernel.tlp import Tlp
from cirt.sharing.agreements.record import Contact
from cirt.sharing.models import Direction, Level

Moment: TypeAlias = date | datetime


class Unchanged(Enum):
    """Stands for a field that keeps what it has, where None has a meaning of its own."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class AddAgreement:
    peer: str  # slug
    ceiling: Tlp
    level: Level = Level.MOU
    default_tlp: Tlp | None = None
    direction: Direction = Direction.BOTH
    valid_from: Moment | None = None  # None: now
    valid_until: Moment | None = None  # None: without end
    types: tuple[str, ...] = ()  # empty: all
    sectors: tuple[str, ...] = ()  # empty: all
    transit: bool = False
    ceiling_in: Tlp = Tlp.AMBER_STRICT
    personal_data: bool = False
    attribution: bool = True


@dataclass(frozen=True, slots=True)
class ChangeAgreement:
    reference: str
    ceiling: Tlp | Unchanged = UNCHANGED
    level: Level | Unchanged = UNCHANGED
    default_tlp: Tlp | Unchanged | None = UNCHANGED
    direction: Direction | Unchanged = UNCHANGED
    valid_from: Moment | Unchanged = UNCHANGED
    valid_until: Moment | Unchanged | None = UNCHANGED
    types: tuple[str, ...] | Unchanged = UNCHANGED
    sectors: tuple[str, ...] | Unchanged = UNCHANGED
    transit: bool | Unchanged = UNCHANGED
    ceiling_in: Tlp | Unchanged = UNCHANGED
    personal_data: bool | Unchanged = UNCHANGED
    attribution: bool | Unchanged = UNCHANGED


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """The signed text as it was sent; name and media type are claims."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WriteTerms:
    """All terms of an agreement as a form gives them, with the reason for the change.

    ``version`` is the one that the form showed; ``copy`` None keeps the signed text that there is.
    """

    level: Level
    direction: Direction
    ceiling: Tlp
    ceiling_in: Tlp
    reason: str
    default_tlp: Tlp | None = None
    valid_from: datetime | None = None  # None: as it was; of a new one, from now on
    valid_until: datetime | None = None  # None: without end
    types: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    personal_data: bool = False
    attribution: bool = False
    transit: bool = False
    tlp: Tlp = Tlp.AMBER
    our_name: str = ""
    their_name: str = ""
    signed_on: date | None = None
    review_on: date | None = None
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    urgent_h: int | None = None
    answer_h: int | None = None
    keep_months: int | None = None
    version: int = 0
    copy: SignedCopy | None = None
