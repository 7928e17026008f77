"""What the gate decides by, as data: facts of a row, terms of an agreement, and who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cirt.kernel.tlp import Tlp
from cirt.objects.policies import Iep, Pap
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
    pap: Pap | None = None
    iep: Iep = Iep()  # noqa: RUF009 - a value
    personal: bool = False
    withheld: bool = False  # an observable of it stands on the do-not-share list
    permits: tuple[int, ...] = ()  # permissions that name it
    marks: tuple[str, ...] = ()  # definitions beside TLP that its bytes name: they go along

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
    ceiling_in: Tlp = Tlp.AMBER_STRICT  # of what they send us; ``ceiling`` is of what we give
    personal_data: bool = False
    attribution: bool = True  # its name may be told as the source

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

    @property
    def agreement(self) -> str | None:
        """Reference and version of its terms, such as MOU-2026-0001 v2: another text when they change."""
        return f"{self.terms.reference} v{self.terms.version}" if self.terms else None


@dataclass(frozen=True, slots=True)
class NamedReader:
    """A person of a peer whom an agreement names, reached by encrypted mail alone (rulings 5)."""

    person_id: int  # of agreement_person
    name: str
    email: str
    peer: PeerReader
    named_in: str  # reference of the agreement
    removed: bool = False
    key: str = ""  # fingerprint; empty: none
    key_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffReader:
    """Somebody of the team; the console has no person and sees nothing that names persons."""

    person_id: int | None
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublicReader:
    pass


Recipient: TypeAlias = PeerReader | NamedReader | StaffReader | PublicReader


@dataclass(frozen=True, slots=True)
class Permit:
    """A permission on record that has not been ended. Without ``origin_id`` it is for objects that name it."""

    id: int
    origin_id: int | None
    up_to: Tlp
    reader_id: int | None  # None: every peer with an agreement
    given_at: datetime
    until: datetime | None

    def holds_for(self, reader: PeerReader, now: datetime) -> bool:
        has_begun = self.given_at <= now and (self.until is None or now < self.until)
        return has_begun and self.reader_id in (None, reader.peer_id)

    def covers(self, facts: Facts, reader: PeerReader, now: datetime) -> bool:
        is_named = self.id in facts.permits
        return (
            self.holds_for(reader, now)
            and facts.tlp <= self.up_to
            and (is_named if self.origin_id is None else facts.origin_id == self.origin_id)
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """An agreement, neither suspended nor ended, that lets go on what this peer brings."""

    peer_id: int
    since: datetime
    until: datetime | None
    may_name: bool = True  # as the source of it

    def holds(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Consent:
    """What those from whom objects came have agreed to, beside what the objects say."""

    permits: tuple[Permit, ...] = ()
    grants: tuple[Grant, ...] = ()

    def passes_on(self, peer_id: int, now: datetime) -> bool:
        return any(each.peer_id == peer_id and each.holds(now) for each in self.grants)

    def may_name(self, peer_id: int, now: datetime) -> bool:
        """Of one that passes it on."""
        mine = [each for each in self.grants if each.peer_id == peer_id and each.holds(now)]
        return all(each.may_name for each in mine)


NO_CONSENT = Consent()
