"""What a recall would do, peer by peer, before and when it is done."""

from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.handing.queries import persons_to_tell
from cirt.release.holdings.holds import Hold
from cirt.release.holdings.models import Exit
from cirt.release.holdings.queries import holds_of
from cirt.release.models import Member
from cirt.release.readers import has_access
from cirt.sharing.queries import peer_readers


@dataclass(frozen=True, slots=True)
class Consequences:
    """Peers by what becomes of them; ids in the order of their names."""

    told: list[int] = field(default_factory=list)  # had it and read of it with their next poll
    by_mail: list[int] = field(default_factory=list)  # had it, and their door is closed
    unaware: list[int] = field(default_factory=list)  # were offered it and never fetched it
    persons: list[str] = field(default_factory=list)  # had it by mail and are told by mail
    unreached: list[str] = field(default_factory=list)  # had it by mail, and none reaches them now
    names: Mapping[int, str] = field(default_factory=dict)

    def named(self, peer_ids: Some[int]) -> list[str]:
        return [self.names[each] for each in peer_ids]


def consequences(work: Work, object_ids: Sequence[int]) -> Consequences:
    """Of taking back all of these together."""
    holds = [hold for each in holds_of(work.session, object_ids).values() for hold in each]
    told, unreached = persons_to_tell(work, object_ids)
    return replace(of_holds(work, holds), persons=told, unreached=unreached)


def of_holds(work: Work, holds: Sequence[Hold]) -> Consequences:
    """The same of what the caller has looked up already, as far as peers go."""
    of_peer: dict[int, list[Hold]] = defaultdict(list)
    for hold in holds:
        if hold.is_of_peer:
            of_peer[hold.peer_id].append(hold)
    had = {peer for peer, mine in of_peer.items() if any(hold.had_it for hold in mine)}
    open_ways = _open_ways(work, had)
    told = {
        peer
        for peer in had
        if any(
            hold.had_it and hold.feed_id is not None and (peer, hold.collection_id) in open_ways
            for hold in of_peer[peer]
        )
        or any(hold.exit is Exit.PUSH and (peer, None) in open_ways for hold in of_peer[peer])
    }
    query = sa.select(Peer.id, Peer.name).where(Peer.id.in_(of_peer)).order_by(Peer.name, Peer.id)
    names = {row.id: row.name for row in work.session.execute(query)}
    return Consequences(
        told=[each for each in names if each in told],
        by_mail=[each for each in names if each in had - told],
        unaware=[each for each in names if each not in had],
        names=names,
    )


def _open_ways(work: Work, peer_ids: set[int]) -> set[tuple[int, int | None]]:
    """Peer and collection where it reads now; peer and None: it has access at all."""
    readers = peer_readers(work.session, peer_ids, work.now)
    let_in = {peer for peer, reader in readers.items() if has_access(reader, work.now)}
    query = sa.select(Member.peer_id, Member.collection_id).where(Member.peer_id.in_(let_in))
    ways: set[tuple[int, int | None]] = {(row[0], row[1]) for row in work.session.execute(query)}
    return ways | {(peer, None) for peer in let_in}
