"""Notes and opinions of an object, ours and those of peers, for its page."""

from dataclasses import dataclass
from datetime import datetime

from cirt.exchange.remarks.commands import Opinion
from cirt.exchange.remarks.naming import Naming, naming
from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work

_LONGEST = 1000  # characters in a list; the object's own page shows all


@dataclass(frozen=True, slots=True)
class RemarkLine:
    """``peer`` None: our own, or from a file. ``opinion`` None: a note. ``text`` is as its author wrote it, shortened."""

    stix_id: str
    peer: str | None
    slug: str | None
    is_ours: bool
    tlp: Tlp
    at: datetime
    opinion: Opinion | None
    abstract: str
    text: str
    is_shortened: bool


@dataclass(frozen=True, slots=True)
class Remarks:
    lines: list[RemarkLine]  # the newest
    total: int


def remarks_of(work: Work, stix_id: str) -> Remarks:
    """The newest that name this object, as far as the actor may read them."""
    found, total = naming(work, stix_id, "note", "opinion")
    return Remarks([_line(each) for each in found], total)


def _line(one: Naming) -> RemarkLine:
    text = str(one.said.get("content", one.said.get("explanation", "")))
    return RemarkLine(
        stix_id=one.stix_id,
        peer=one.peer,
        slug=one.slug,
        is_ours=one.is_ours,
        tlp=one.tlp,
        at=from_us(one.newest_us),
        opinion=_opinion(one.said.get("opinion")),
        abstract=str(one.said.get("abstract", ""))[:_LONGEST],
        text=text[:_LONGEST],
        is_shortened=len(text) > _LONGEST,
    )


def _opinion(said: object) -> Opinion | None:
    return next((each for each in Opinion if each == said), None)
