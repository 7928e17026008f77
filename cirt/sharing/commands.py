"""What may be asked of agreements. A day given as the end is included; an instant is not."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, TypeAlias

from cirt.kernel.tlp import Tlp
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
