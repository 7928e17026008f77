"""What an address or a form says of a list: the filter of indicators, and where a page of other lists begins."""

from collections.abc import Mapping

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from cirt.kernel.tlp import Tlp
from cirt.objects import index
from cirt.objects.catalogue import CatalogueFilter, Life
from cirt.parties.peers import peers
from cirt.register.extract import find

FIELDS = ("words", "state", "source", "tlp")
_LONGEST = 500
_LARGEST = 2**31 - 1


def catalogue_filter(session: Session, given: Mapping[str, str]) -> CatalogueFilter:
    """What is not in a closed set says nothing."""
    typed = given.get("words", "").replace("\0", "").strip()[:_LONGEST]
    return CatalogueFilter(
        keys=tuple(index.keys_meeting(session, [each.observable for each in find(typed)])),
        words=typed,
        life=Life(given["state"]) if given.get("state") in list(Life) else None,
        source=_source(session, given.get("source", "")),
        tlp=Tlp(given["tlp"]) if given.get("tlp") in list(Tlp) else None,
    )


def begins_before(given: MultiDict[str, str]) -> int | None:
    """The row before which a page begins; None: at the latest."""
    before = given.get("before", type=int)
    return before if before is not None and 0 < before <= _LARGEST else None


def _source(session: Session, slug: str) -> int | None:
    if slug == "own":
        return 0
    return next((peer.id for peer in peers(session) if slug and peer.slug == slug), None)
