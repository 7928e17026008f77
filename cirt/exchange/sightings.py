"""What we saw of an object: our own sighting, which goes to whom the object came from (rulings 6)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.exchange.pushing.queuing import queue
from cirt.exchange.remarks.subject import Subject, find_subject
from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.store import put_many
from cirt.parties.models import Peer, SightingsBack
from cirt.parties.peers import ourselves

MAX_COUNT = 999_999_999  # STIX 2.1, section 5.2

GOES = mark("The sighting goes to {peer} with the next sync.")
OWN = mark("The object is our own, so the sighting is kept here.")
NO_LINK = mark(
    "The sighting is kept here, for there is no link on which it could go to {peer}. Add one with:"
    " cirt link add --peer {slug} --direction push --collection INBOX"
)


NEVER = mark(
    "The sighting is kept here, for none go back to {peer}, as set with: cirt peer sightings {slug} never"
)
KEPT = mark("It says more than goes to a peer by itself, so it is kept here until it is released.")


class CountWrong(Invalid):
    code = "count-wrong"
    message = mark("{count} is no number of sightings. Use 1 to {most}.")


class DaysWrong(Invalid):
    code = "days-wrong"
    message = mark(
        "The first sighting, {first}, is after the last one, {last}, or that one is after today."
    )


@dataclass(frozen=True, slots=True)
class ReportSighting:
    stix_id: str
    first: datetime
    last: datetime
    count: int = 1
    where: str = ""  # whose network, by name; what names anybody leaves by a release only
    tlp: Tlp | None = None  # None: as what was seen


@dataclass(frozen=True, slots=True)
class Reported:
    """``message`` says where the sighting goes; marked, with {values}."""

    stix_id: str
    version_id: int
    link_id: int | None
    message: str
    values: dict[str, str]

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)


def report_sighting(work: Work, cmd: ReportSighting) -> Reported:
    """Keep our sighting; where the object is a peer's, let it wait on a push link to that peer.

    It tells the count, the first and the last day, our identity, and carries the object's marking: so much
    goes by itself. One that names where, or is marked otherwise, waits for a release.

    Raises:
        NoSuchObject, CountWrong, DaysWrong, MarkingLower, RedNotSaid, NotAllowed.
    """
    work.require("sighting:write")
    _check(work, cmd)
    subject = find_subject(work, cmd.stix_id)
    stix_id, version_id = _keep(work, cmd, subject)
    peer = work.session.get(Peer, subject.brought_by_id) if subject.brought_by_id else None
    goes_by_itself = not cmd.where and cmd.tlp in (None, subject.tlp)
    link = _push_link(work.session, peer) if peer and goes_by_itself else None
    if link is not None:
        queue(work, link, [version_id])
    work.audit(
        "sighting.report",
        cmd.stix_id,
        sighting=stix_id,
        count=cmd.count,
        to=peer.slug if peer and link else None,
    )
    message, values = _words(peer, link) if goes_by_itself else (KEPT, {})
    return Reported(stix_id, version_id, link.id if link else None, message, values)


def where_it_goes(session: Session, brought_by_id: int | None) -> tuple[str, dict[str, str]]:
    """What would become of a sighting, said before it is reported; marked, with {values}."""
    peer = session.get(Peer, brought_by_id) if brought_by_id else None
    return _words(peer, _push_link(session, peer) if peer else None)


def _check(work: Work, cmd: ReportSighting) -> None:
    if not 1 <= cmd.count <= MAX_COUNT:
        raise CountWrong(count=cmd.count, most=MAX_COUNT)
    if cmd.first > cmd.last or cmd.last > work.now:
        raise DaysWrong(first=f"{cmd.first:%Y-%m-%d}", last=f"{cmd.last:%Y-%m-%d}")


def _keep(work: Work, cmd: ReportSighting, subject: Subject) -> tuple[str, int]:
    """Our sighting, marked at least as what was seen; whoever may not see that, may not say so."""
    tlp = cmd.tlp or subject.tlp
    markings = subject.markings(tlp)
    sighting = build.new_sighting(
        of=subject.stix_id,
        creator=ourselves(work.session).identity_id,
        at=work.now,
        count=cmd.count,
        first_seen=_day(cmd.first),
        last_seen=_day(cmd.last),
        where=[_place(work, cmd.where, tlp)],
        marking_refs=markings,
    )
    [stored] = put_many(work, [sighting], origin_id=None)
    return stored.stix_id, stored.version_id


def _place(work: Work, name: str, tlp: Tlp) -> str:
    """The identity of where it was seen: our own, or one of ours of that name and marking, made where there is none."""
    us = ourselves(work.session).identity_id
    if not name:
        return us
    query = (
        sa.select(ObjectRow.stix_id)
        .join(ObjectVersion, ObjectVersion.id == ObjectRow.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            ObjectRow.type == "identity",
            ObjectRow.brought_by_id.is_(None),
            ObjectRow.revoked.is_(False),
            ObjectRow.name == name,
            ObjectFacts.tlp == tlp,
            ObjectFacts.creator == us,
        )
        .order_by(ObjectRow.id)
    )
    found = work.session.scalars(query.limit(1)).one_or_none()
    if found is not None:
        return found
    made = build.new_identity(name=name, creator=us, at=work.now, tlp=tlp)
    [stored] = put_many(work, [made], origin_id=None)
    return stored.stix_id


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _push_link(session: Session, peer: Peer) -> Link | None:
    """The link on which this peer hears from us; one that is not fed from a collection comes first.

    None where there is none, and where nothing shall go back.
    """
    if peer.sightings is SightingsBack.NEVER:
        return None
    query = sa.select(Link).where(goes_to(peer.id))
    order = (Link.collection_id.is_not(None), Link.id)
    return session.scalars(query.order_by(*order).limit(1)).one_or_none()


def goes_to(peer_id: sa.SQLColumnExpression[int] | int) -> sa.ColumnElement[bool]:
    """On Link: this peer can hear of a sighting over it."""
    return sa.and_(
        Link.peer_id == peer_id,
        Link.direction == LinkDirection.PUSH,
        Link.by_file.is_(False),
        Link.state == LinkState.ACTIVE,
    )


def _words(peer: Peer | None, link: Link | None) -> tuple[str, dict[str, str]]:
    if peer is None:
        return OWN, {}
    names = {"peer": peer.name, "slug": peer.slug}
    if peer.sightings is SightingsBack.NEVER:
        return NEVER, names
    return (GOES, names) if link else (NO_LINK, names)
