"""The do-not-share list and readers' feeds: what would vanish, what vanishes, what comes back."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.withholding import objects_naming
from cirt.parties.models import Peer
from cirt.release.models import Feed, FeedRow, Member
from cirt.release.settling import settle_objects
from cirt.sharing.withheld import service
from cirt.sharing.withheld.commands import LetGo, Withhold
from cirt.sharing.withheld.service import Changed, entries_of

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What one peer could no longer fetch: how many objects, and some of them by name."""

    peer: str
    slug: str
    count: int
    examples: list[tuple[str, str]]  # STIX id, name


@dataclass(frozen=True, slots=True)
class Preview:
    values: int
    objects: int  # that name any of them, shared or not
    peers: list[Vanishing]


def preview_withhold(work: Work, cmd: Withhold) -> Preview:
    """What the list would keep back from whom; nothing is saved.

    Raises:
        as ``withhold``.
    """
    work.require("withheld:write")
    entries = entries_of(cmd.text, below=cmd.below)
    named = objects_naming(work.connection, entries)
    return Preview(len(entries), len(named), _vanishing(work, named))


def withhold(work: Work, cmd: Withhold) -> Changed:
    """It holds at once for all readers, and for what comes from now on."""
    changed = service.withhold(work, cmd)
    settle_objects(work, changed.object_ids)
    return changed


def let_go(work: Work, cmd: LetGo) -> Changed:
    """What may go again is offered at the end of each feed (rulings 15, 17)."""
    changed = service.let_go(work, cmd)
    settle_objects(work, changed.object_ids)
    return changed


def end_past(work: Work) -> Changed:
    changed = service.end_past(work)
    settle_objects(work, changed.object_ids)
    return changed


def _vanishing(work: Work, object_ids: set[int]) -> list[Vanishing]:
    """Of objects that stand open in feeds of members and are not kept back already; with the relationships, sightings
    and the like that stay with their ends."""
    themselves = _open_rows().where(
        among(FeedRow.object_id, object_ids),
        ObjectFacts.origin_id.is_distinct_from(Feed.peer_id),  # its own it reads back
    )
    end = aliased(StixObject)
    is_ours = ObjectFacts.origin_id.is_(None)
    counts = sa.or_(  # as the gate takes ends (rulings 9)
        sa.and_(is_ours, end.brought_by_id.is_distinct_from(Feed.peer_id)),
        sa.and_(~is_ours, end.brought_by_id.is_(None)),
        end.brought_by_id == ObjectFacts.origin_id,
    )
    naming = (
        _open_rows()
        .join(ObjectEnd, ObjectEnd.version_id == FeedRow.version_id)
        .join(end, end.stix_id == ObjectEnd.stix_id)
        .where(
            among(end.id, object_ids),
            counts,
            ObjectFacts.origin_id.is_distinct_from(Feed.peer_id),
        )
    )
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for query in (themselves, naming):
        for name, slug, stix_id, title in work.connection.execute(query):
            found[name, slug][stix_id] = title or stix_id
    return [
        Vanishing(name, slug, len(objects), list(objects.items())[:_EXAMPLES])
        for (name, slug), objects in sorted(found.items())
    ]


def _open_rows() -> sa.Select[*tuple[Any, ...]]:
    """Peer and object of what members could fetch now and the list does not keep back yet."""
    return (
        sa.select(Peer.name, Peer.slug, StixObject.stix_id, StixObject.name.label("title"))
        .select_from(FeedRow)
        .join(Feed, Feed.id == FeedRow.feed_id)
        .join(
            Member,
            sa.and_(Member.peer_id == Feed.peer_id, Member.collection_id == Feed.collection_id),
        )
        .join(Peer, Peer.id == Feed.peer_id)
        .join(StixObject, StixObject.id == FeedRow.object_id)
        .join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(
            FeedRow.closed_us.is_(None),
            FeedRow.recall.is_(False),
            ObjectFacts.withheld.is_(False),
        )
        .distinct()
        .order_by(Peer.name, StixObject.stix_id)
    )
