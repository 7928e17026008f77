"""What we saw of an object: our own sighting, which goes to whom the object came from (rulings 6)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.exchange.push import queue
from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects import build, codec
from cirt.objects.markings import TLP_IDS
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.store import put_many
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.sharing.gate import show

MAX_COUNT = 999_999_999  # STIX 2.1, section 5.2

GOES = mark("The sighting goes to {peer} with the next sync.")
OWN = mark("The object is our own, so the sighting is kept here.")
NO_LINK = mark(
    "The sighting is kept here, for there is no link on which it could go to {peer}. Add one with:"
    " cirt link add --peer {slug} --direction push --collection INBOX"
)


class NoSuchObject(NotFound):
    code = "no-such-object"
    message = mark("There is no object {stix_id} that you may see.")


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
    goes by itself, and nothing of who saw it where.

    Raises:
        NoSuchObject, CountWrong, DaysWrong, NotAllowed.
    """
    work.require("sighting:write")
    _check(work, cmd)
    row = work.session.scalars(
        sa.select(ObjectRow).where(ObjectRow.stix_id == cmd.stix_id)
    ).one_or_none()
    if row is None or row.newest_id is None:
        raise NoSuchObject(stix_id=cmd.stix_id[:80])
    stix_id, version_id = _keep(work, cmd, row.newest_id)
    peer = work.session.get(Peer, row.brought_by_id) if row.brought_by_id else None
    link = _push_link(work.session, peer) if peer else None
    if link is not None:
        queue(work, link, [version_id])
    work.audit(
        "sighting.report",
        cmd.stix_id,
        sighting=stix_id,
        count=cmd.count,
        to=peer.slug if peer and link else None,
    )
    message, values = _words(peer, link)
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


def _keep(work: Work, cmd: ReportSighting, newest_id: int) -> tuple[str, int]:
    """Our sighting under the marking of what was seen; whoever may not see that, may not say so."""
    content = codec.read(show(work, newest_id).body)
    if isinstance(content, codec.Refusal):
        raise NoSuchObject(stix_id=cmd.stix_id[:80])
    identity = ourselves(work.session).identity_id
    is_marked = any(ref in TLP_IDS for ref in content.marking_refs)
    tlp = work.session.scalars(
        sa.select(ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .where(ObjectVersion.id == newest_id)
    ).one()
    sighting = build.new_sighting(
        of=cmd.stix_id,
        creator=identity,
        at=work.now,
        count=cmd.count,
        first_seen=_day(cmd.first),
        last_seen=_day(cmd.last),
        where=[identity],
        tlp=None if is_marked else tlp,
        marking_refs=content.marking_refs,
    )
    [stored] = put_many(work, [sighting], origin_id=None)
    return stored.stix_id, stored.version_id


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _push_link(session: Session, peer: Peer) -> Link | None:
    """The link on which this peer hears from us; one that is not fed from a collection comes first."""
    query = (
        sa.select(Link)
        .where(
            Link.peer_id == peer.id,
            Link.direction == LinkDirection.PUSH,
            Link.state == LinkState.ACTIVE,
        )
        .order_by(Link.collection_id.is_not(None), Link.id)
    )
    return session.scalars(query.limit(1)).one_or_none()


def _words(peer: Peer | None, link: Link | None) -> tuple[str, dict[str, str]]:
    if peer is None:
        return OWN, {}
    names = {"peer": peer.name, "slug": peer.slug}
    return (GOES, names) if link else (NO_LINK, names)
