"""What is put into a collection, and how that reaches each member's feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_columns
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.company import companions, going_along
from cirt.release.locks import feeds_of, lock_collections
from cirt.release.models import Collection, CollectionEntry, CollectionKind, Feed, Member, Proposal
from cirt.release.offers import Candidate, candidates, offer
from cirt.release.readers import allowed, has_access
from cirt.sharing.queries import peer_reader


@dataclass(frozen=True, slots=True)
class Published:
    """How many versions are new in the collection, and to how many each peer was offered."""

    added: int
    offered: dict[int, int] = field(default_factory=dict)  # by peer id


def publish(
    work: Work,
    collection: Collection,
    version_ids: Sequence[int],
    *,
    brought_by: Peer | None = None,
    proposal: Proposal | None = None,
) -> Published:
    """Put versions into a collection and offer them to each member whom the gate allows.

    What stands there already stays as it is, but for a definition that only went along until a peer posts it. The
    definitions and the identity that our own objects refer to come along. Approval, or a peer's right to post, is
    the caller's.
    """
    lock_collections(work.session, [collection.id])
    along = [] if brought_by else companions(work.session, version_ids)
    wanted = list(dict.fromkeys([*along, *version_ids]))
    there = _standing(work.session, collection, wanted)
    fresh = [each for each in wanted if each not in there]
    if brought_by:
        anew = _went_along(work.session, collection, there)
        _hand_over(work, collection, anew, brought_by)
    else:  # what only goes along is not vouched for: its bringer would see by it that something names it
        chosen = [each for each in version_ids if each not in along]
        anew = [each for each in chosen if there.get(each) is not None]
        _vouch(work, collection, anew)
    going = candidates(work.session, [*fresh, *anew])
    _enter(work, collection, going[: len(fresh)], brought_by, proposal)
    return Published(len(fresh), _offer_to_members(work, collection, going, along))


def _enter(
    work: Work,
    collection: Collection,
    versions: Sequence[Candidate],
    brought_by: Peer | None,
    proposal: Proposal | None,
) -> None:
    columns = {
        "object_id": [each.object_id for each in versions],
        "version_id": [each.version_id for each in versions],
    }
    same = {
        "collection_id": collection.id,
        "added_at": work.now,
        "brought_by_id": brought_by.id if brought_by else None,
        "proposal_id": proposal.id if proposal else None,
    }
    insert_columns(work.session.connection(), CollectionEntry, columns, same=same)


def _vouch(work: Work, collection: Collection, version_ids: Sequence[int]) -> None:
    """What a peer had posted and we now release too is ours to keep there (rulings 10)."""
    if not version_ids:
        return
    _set_bringer(work.session, collection, version_ids, None)
    work.audit("collection.vouch", collection.alias, versions=len(version_ids))


def _went_along(
    session: Session, collection: Collection, there: Mapping[int, int | None]
) -> list[int]:
    ours = {each for each, brought_by_id in there.items() if brought_by_id is None}
    return sorted(ours & going_along(session, collection.id)) if ours else []


def _hand_over(
    work: Work, collection: Collection, version_ids: Sequence[int], brought_by: Peer
) -> None:
    """They stand for themselves from now on, as what a peer posts does."""
    if version_ids:
        _set_bringer(work.session, collection, version_ids, brought_by.id)


def _set_bringer(
    session: Session, collection: Collection, version_ids: Sequence[int], peer_id: int | None
) -> None:
    session.execute(
        sa.update(CollectionEntry)
        .where(
            CollectionEntry.collection_id == collection.id,
            among(CollectionEntry.version_id, version_ids),
        )
        .values(brought_by_id=peer_id)
        .execution_options(synchronize_session=False)
    )


def _offer_to_members(
    work: Work, collection: Collection, versions: Sequence[Candidate], along: Sequence[int]
) -> dict[int, int]:
    """``along`` is what goes only with what names it, also where it stood in the collection before."""
    offered: dict[int, int] = {}
    if not versions or collection.kind is CollectionKind.INBOX:
        return offered
    company = candidates(work.session, along) if along else []
    versions = [each for each in versions if each.version_id not in along]
    version_ids = [*along, *(each.version_id for each in versions)]
    for feed in feeds_of_members(work.session, collection):
        reader = peer_reader(work.session, feed.peer_id, work.now)
        if not has_access(reader, work.now):
            feed.settled_for = None  # made good when access returns
            continue
        may = allowed(work, reader, collection, version_ids)
        going = [each for each in versions if each.version_id in may]
        with_them = _named_by(work.session, company, going, whole=len(going) == len(versions))
        going = [*(each for each in with_them if each.version_id in may), *going]
        offered[feed.peer_id] = len(offer(work, feed, going))
    return offered


def _named_by(
    session: Session, company: list[Candidate], going: Sequence[Candidate], *, whole: bool
) -> list[Candidate]:
    if whole or not company or not going:
        return company if going else []
    named = set(companions(session, [each.version_id for each in going]))
    return [each for each in company if each.version_id in named]


def feeds_of_members(
    session: Session, collection: Collection, peer_id: int | None = None
) -> list[Feed]:
    """The feeds of members, held until commit."""
    is_member = sa.exists().where(
        Member.collection_id == Feed.collection_id, Member.peer_id == Feed.peer_id
    )
    narrow = [] if peer_id is None else [Feed.peer_id == peer_id]
    return feeds_of(session, Feed.collection_id == collection.id, is_member, *narrow)


def _standing(
    session: Session, collection: Collection, version_ids: Sequence[int]
) -> dict[int, int | None]:
    """Versions that stand there already, with the peer that brought each."""
    query = sa.select(CollectionEntry.version_id, CollectionEntry.brought_by_id).where(
        CollectionEntry.collection_id == collection.id,
        among(CollectionEntry.version_id, version_ids),
    )
    return {row.version_id: row.brought_by_id for row in session.execute(query)}
