"""What may be asked of permissions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cirt.kernel.tlp import Tlp
from cirt.sharing.permissions.models import Audience


class Scope(StrEnum):
    OBJECT = "object"
    PEER = "peer"  # all that it brings, up to a marking


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """As it was sent; name and media type are claims."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordPermission:
    scope: Scope
    given_by: str
    audience: Audience
    up_to: Tlp
    tlp: Tlp = Tlp.AMBER  # of the record itself
    stix_id: str = ""
    origin: str = ""  # slug
    reader: str = ""  # slug
    evidence: str = ""
    given_on: datetime | None = None  # None: now
    until: datetime | None = None  # first instant after; None: until it is ended
    files: tuple[EvidenceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class EndPermission:
    reference: str
    reason: str
