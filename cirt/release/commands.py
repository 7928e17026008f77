"""What may be asked of this room: to release, to decide, to revoke."""

from dataclasses import dataclass

from cirt.release.models import Ruling


@dataclass(frozen=True, slots=True)
class AskRelease:
    """Objects by STIX id, the newest version of each, or by version; collections by alias or id, or in their place
    persons whom agreements name, by id.
    """

    title: str
    reason: str
    collections: tuple[str, ...] = ()
    stix_ids: tuple[str, ...] = ()
    version_ids: tuple[int, ...] = ()
    incident: str | None = None
    sector: str | None = None
    persons: tuple[int, ...] = ()
    anyway: bool = True  # also where too few could approve it


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A request that was sent back, with the newest versions of its objects and new words."""

    reference: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawRelease:
    reference: str


@dataclass(frozen=True, slots=True)
class DecideRelease:
    """``digest`` is that of the page on which the decision was taken."""

    reference: str
    ruling: Ruling
    comment: str
    digest: str


@dataclass(frozen=True, slots=True)
class Revoke:
    stix_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SayPersonal:
    """Whether an object holds personal data."""

    stix_id: str
    personal: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Another's object: offered no longer."""

    stix_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecallRelease:
    """``stix_ids`` of its objects, or none of them for all."""

    reference: str
    reason: str
    stix_ids: tuple[str, ...] = ()
