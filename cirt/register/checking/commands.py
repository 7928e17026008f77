"""What may be asked when findings are looked over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cirt.objects.observables.kinds import Kind


class Ruling(StrEnum):
    KEEP = "confirm"
    IGNORE = "dismiss"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Rulings:
    """What is said of a row counts before what is said of its kind, and that before what is said of all."""

    rest: Ruling = Ruling.LATER
    kinds: Mapping[Kind, Ruling] = field(default_factory=dict)
    rows: Mapping[int, Ruling] = field(default_factory=dict)

    def of_kind(self, kind: Kind) -> Ruling:
        return self.kinds.get(kind, self.rest)

    def of(self, kind: Kind, number: int) -> Ruling:
        return self.rows.get(number) or self.of_kind(kind)

    @property
    def decides(self) -> bool:
        said = (self.rest, *self.kinds.values(), *self.rows.values())
        return any(ruling is not Ruling.LATER for ruling in said)


@dataclass(frozen=True, slots=True)
class SavePaste:
    """The rows of ``rulings`` are keys of observables."""

    incident: str
    text: str
    rulings: Rulings


@dataclass(frozen=True, slots=True)
class CheckOffered:
    """The rows of ``rulings`` are ids; what was offered after ``upto`` nobody has seen, and it is left alone."""

    incident: str
    upto: int
    rulings: Rulings
