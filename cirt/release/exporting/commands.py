"""What may be asked of exports."""

from dataclasses import dataclass, field
from enum import StrEnum

from cirt.objects.catalogue import CatalogueFilter


class Format(StrEnum):
    STIX = "stix"
    CSV = "csv"
    MISP = "misp"


class Subject(StrEnum):
    """What a file can be made of."""

    INDICATORS = "indicators"  # the list, as filtered
    OBJECT = "object"
    RELEASE = "release"  # what of it leaves
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Export:
    """``name`` is a STIX id, a release's reference or a collection's alias; empty for the list, which has a filter.

    ``audience`` is the slug of a peer, for what stands open to that peer now; empty for our own staff.
    """

    subject: Subject
    name: str = ""
    format: Format = Format.STIX
    audience: str = ""
    wanted: CatalogueFilter = field(default_factory=CatalogueFilter)
