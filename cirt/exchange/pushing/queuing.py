"""What waits on a push link: queued when it is released or revoked, and what of it is still meant for the peer."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.exchange.links.filtering import NEEDED
from cirt.exchange.models import Link, Outgoing
from cirt.kernel.among import among
from cirt.kernel.inserting import insert_new
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.holdings.models import Exit, HandedOut
from cirt.release.models import Feed, FeedRow, Member

_IN_SHARED = (Tlp.CLEAR, Tlp.GREEN)  # where others may read what we push (rulings 9)


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    version_id: int
    is_recall: bool


def queue_new(work: Work, link: Link) -> None:
    """What was released to the peer, and what was revoked of what went, since somebody looked last; without what the
    link carries no more."""
    _unqueue_left_out(work, link)
    _queue_released(work, link)
    _queue_revocations(work, link)


def _unqueue_left_out(work: Work, link: Link) -> None:
    """What waits and is of other types than the link carries now; what may have gone already goes on to its end, and a
    sighting goes back whatever the link carries."""
    if not link.types:
        return
    is_left_out = sa.exists().where(
        ObjectVersion.id == Outgoing.version_id,
        StixObject.id == ObjectVersion.object_id,
        StixObject.type.not_in([*_carried(link.types), "sighting"]),
        ObjectVersion.revoked.is_(False),
        ObjectVersion.bare.is_(False),
        ~_has_left(link),
    )
    waits = (Outgoing.sent_at.is_(None), Outgoing.failure.is_(None))
    work.session.execute(
        sa.delete(Outgoing).where(Outgoing.link_id == link.id, *waits, is_left_out)
    )


def _queue_released(work: Work, link: Link) -> None:
    """What stands open for this peer in the feed of our collection that the link is fed from."""
    if link.collection_id is None:
        return
    fresh = (
        sa.select(FeedRow.version_id)
        .join(Feed, Feed.id == FeedRow.feed_id)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .where(
            Feed.peer_id == link.peer_id,
            Feed.collection_id == link.collection_id,
            FeedRow.closed_us.is_(None),
            ~_queued(link, FeedRow.version_id),
        )
        .order_by(FeedRow.date_us)
    )
    if link.types:
        fresh = (
            fresh.join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(StixObject.type.in_(_carried(link.types)))
        )
    queue(work, link, work.session.scalars(fresh).all())


def _queue_revocations(work: Work, link: Link) -> None:
    """Of what went over this link, or may have, and has been revoked since, by us or by its author: the gate has the
    last word."""
    newest = aliased(ObjectVersion)
    gone = (
        sa.select(newest.id)
        .join(StixObject, StixObject.newest_id == newest.id)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .join(Outgoing, Outgoing.version_id == ObjectVersion.id)
        .where(
            Outgoing.link_id == link.id,
            sa.or_(Outgoing.sent_at.is_not(None), _has_left(link)),
            newest.revoked.is_(True),
            ~_queued(link, newest.id),
        )
        .distinct()
    )
    queue(work, link, work.session.scalars(gone).all())


def _carried(types: Sequence[str]) -> list[str]:
    return sorted(NEEDED.union(types))


def _has_left(link: Link) -> sa.ColumnElement[bool]:
    """Of the version that is asked about: the peer may have it, by this way."""
    return sa.exists().where(
        HandedOut.object_id == ObjectVersion.object_id,
        HandedOut.version_id == ObjectVersion.id,
        HandedOut.peer_id == link.peer_id,
        HandedOut.exit == Exit.PUSH,
    )


def _queued(link: Link, version_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    twin = aliased(Outgoing)
    return sa.exists().where(twin.link_id == link.id, twin.version_id == version_id)


def queue(work: Work, link: Link, version_ids: Sequence[int]) -> None:
    """Let versions wait on a link; the caller knows that they may leave."""
    if version_ids:
        connection = work.session.connection()  # another run of the link may do the same now
        connection.execute(
            insert_new(connection, Outgoing, "link_id", "version_id"),
            [
                {"link_id": link.id, "version_id": version_id, "queued_at": work.now}
                for version_id in dict.fromkeys(version_ids)
            ],
        )


def waiting_on(work: Work, link_id: int) -> list[Waiting]:
    """In the order in which they were queued. What a peer has refused is not sent again."""
    query = (
        sa.select(Outgoing.id, Outgoing.version_id, ObjectVersion.bare)
        .join(ObjectVersion, ObjectVersion.id == Outgoing.version_id)
        .where(Outgoing.link_id == link_id, Outgoing.sent_at.is_(None), Outgoing.failure.is_(None))
        .order_by(Outgoing.id)
    )
    return [Waiting(*row) for row in work.session.execute(query)]


def still_offered(work: Work, link: Link, version_ids: Sequence[int]) -> list[int]:
    """Without what was offered to the peer when it was queued and is no longer: recalled, withdrawn, removed, or in a
    collection of which it is no member now. A revocation goes to whom the object went; the gate says to whom."""
    feed_row = (
        sa.select(FeedRow.version_id)
        .join(Feed, Feed.id == FeedRow.feed_id)
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .where(
            Feed.peer_id == link.peer_id,
            Feed.collection_id == link.collection_id,
            among(FeedRow.version_id, version_ids),
            ObjectVersion.revoked.is_(False),
        )
    )
    is_member = sa.exists().where(
        Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id
    )
    ever = set(work.session.scalars(feed_row))
    now = set(work.session.scalars(feed_row.where(FeedRow.closed_us.is_(None), is_member)))
    return [each for each in version_ids if each not in ever or each in now]


def open_enough(work: Work, version_ids: Sequence[int]) -> list[int]:
    query = (
        sa.select(ObjectVersion.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectVersion.id.in_(version_ids), ObjectFacts.tlp.in_(_IN_SHARED))
    )
    good = set(work.session.scalars(query))
    return [version_id for version_id in version_ids if version_id in good]
