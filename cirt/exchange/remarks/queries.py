"""Notes and opinions of an object, ours and those of peers, for its page."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.exchange.remarks.commands import Opinion
from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.sharing.gate import release
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

_SHOWN = 25
_LONGEST = 1000  # characters in a list; the object's own page shows all
_TYPES = ("note", "opinion")


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
    reader = staff_reader(work.actor)
    query = (
        sa.select(
            StixObject.newest_id,
            StixObject.newest_us,
            Peer.name,
            Peer.slug,
            ObjectFacts.tlp,
            sa.func.count().over().label("total"),
        )
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .join(ObjectEnd, ObjectEnd.version_id == StixObject.newest_id)
        .outerjoin(Peer, Peer.id == StixObject.brought_by_id)
        .where(
            ObjectEnd.stix_id == stix_id,
            StixObject.type.in_(_TYPES),
            StixObject.revoked.is_(False),
            visible_facts(reader, None, work.now),
        )
        .order_by(StixObject.newest_us.desc(), StixObject.id.desc())
        .limit(_SHOWN)
    )
    rows = {row.newest_id: row for row in work.session.execute(query)}
    lines, us = [], ourselves(work.session).identity_id
    for each in release(work, reader, None, list(rows)):
        row, read = rows[each.version_id], codec.read(each.body)
        if isinstance(read, codec.Refusal):
            continue
        said = read.content()
        text = str(said.get("content", said.get("explanation", "")))
        lines.append(
            RemarkLine(
                stix_id=each.stix_id,
                peer=row.name,
                slug=row.slug,
                is_ours=row.name is None and said.get("created_by_ref") == us,
                tlp=row.tlp,
                at=from_us(row.newest_us),
                opinion=_opinion(said.get("opinion")),
                abstract=str(said.get("abstract", ""))[:_LONGEST],
                text=text[:_LONGEST],
                is_shortened=len(text) > _LONGEST,
            )
        )
    return Remarks(lines, next((row.total for row in rows.values()), 0))


def _opinion(said: object) -> Opinion | None:
    return next((each for each in Opinion if each == said), None)
