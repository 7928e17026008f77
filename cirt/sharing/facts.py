"""What the gate decides by, as data: facts of a row, terms of an agreement, and who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cirt.kernel.tlp import Tlp
from cirt.sharing.models import AgreementState, Direction, Level


@dataclass(frozen=True, slots=True)
class Facts:
    """What is decided by, of an object version or of any marked row."""

    type: str
    tlp: Tlp  # effective (rulings 1, 2)
    written_tlp: Tlp | None  # what the bytes themselves say; None: unmarked
    origin_id: int | None = None  # the peer that brought it; None: ourselves
    creator: str | None = None  # created_by_ref, a claim
    sector: str | None = None
    vouched: bool = False
    companion: bool = False
    disputed: bool = False  # the same version came with other bytes; a person has not decided
    named: frozenset[int] = frozenset()  # persons named on a RED row

    @property
    def is_own(self) -> bool:
        return self.origin_id is None or self.vouched


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of an agreement, as data."""

    reference: str
    version: int
    state: AgreementState
    level: Level
    ceiling: Tlp
    default_tlp: Tlp | None
    direction: Direction
    valid_from: datetime
    valid_until: datetime | None  # first instant after the last day
    types: frozenset[str] = frozenset()  # empty: all
    sectors: frozenset[str] = frozenset()  # empty: all
    transit: bool = False

    @property
    def reads_unmarked_as(self) -> Tlp:
        return self.default_tlp or Tlp.AMBER


@dataclass(frozen=True, slots=True)
class PeerReader:
    peer_id: int
    slug: str
    name: str
    identity_id: str | None
    suspended: bool
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class StaffReader:
    """Somebody of the team; the console has no person and sees nothing that names persons."""

    person_id: int | None
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublicReader:
    pass


Recipient: TypeAlias = PeerReader | StaffReader | PublicReader
