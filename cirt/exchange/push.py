"""Sends what waits on a push link: through the gate at the moment of sending, in pieces that the peer takes.

A piece is marked as sent after the peer has answered. Where the answer is lost it is sent again: for the peer
the same id and version is known, so nothing doubles. What the peer makes of it later: :mod:`decisions`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.exchange import decisions
from cirt.exchange.budget import Meter, metered
from cirt.exchange.filtering import NEEDED
from cirt.exchange.models import Link, Outgoing, Run, RunState
from cirt.exchange.remote.collections import Refused, Remote, RemoteCollection, Reply
from cirt.exchange.runs import Caps, Running, check_may_run, new_run, rehearsal, run_link
from cirt.exchange.trouble import NotWritable, RequestRefused
from cirt.kernel.among import among
from cirt.kernel.db import insert_new
from cirt.kernel.errors import Unavailable
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.release.holdings.handing import note_handed_out
from cirt.release.holdings.models import Exit
from cirt.release.models import Feed, FeedRow, Member
from cirt.sharing.gate import Released, release

_BATCH = 500  # objects in one POST
_SPARE = 1024  # bytes left free below what the peer says it takes
_MINDS_CONTENT = (400, 413, 422)  # what a peer says of a POST that it will not take as it is
_REFUSALS = (
    10  # objects refused alone, one after the other; a peer that minds all of them is asked later
)
_IN_SHARED = (Tlp.CLEAR, Tlp.GREEN)  # where others may read what we push (rulings 9)


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: int
    version_id: int
    is_recall: bool


def push_link(
    program: Program, link_id: int, *, dry_run: bool = False, caps: Caps | None = None
) -> Run:
    """Send what waits; what the gate does not let go stays and is tried again on the next run.

    A dry run counts what waits and neither sends nor asks.
    """
    if dry_run:
        return _dry(program, link_id)
    return run_link(program, link_id, _push, caps)


def _dry(program: Program, link_id: int) -> Run:
    with rehearsal(program) as work:
        run = new_run(link_id, work)
        link = work.session.get_one(Link, link_id)
        try:
            reader = check_may_run(work, link_id)
        except Unavailable as error:
            run.state, run.error, run.error_values = RunState.FAILED, error.code, error.values
            return run
        _queue_released(work, link)
        _queue_revocations(work, link)
        waiting = _waiting(work, link_id)
        recalls = [each.version_id for each in waiting if each.is_recall]
        wanted = _still_offered(work, link, [each.version_id for each in waiting])
        run.offered = len(release(work, reader, None, wanted, recalls=recalls))
        run.state = RunState.DONE
    return run


def _push(running: Running) -> None:
    with running.program.work(SYSTEM) as work:
        check_may_run(work, running.link_id)
        link = work.session.get_one(Link, running.link_id)
        _queue_released(work, link)
        _queue_revocations(work, link)
        waiting = _waiting(work, link.id)
        undecided = decisions.undecided(work, link.id)
    if not waiting and not undecided:
        return
    program, caps = running.program, running.caps
    with (
        Remote(running.access(), program.clock, caps.request, caps.time) as remote,
        metered(program, running.link_id, remote) as meter,
    ):
        collection = remote.find(link.remote)
        if not collection.can_write:
            raise NotWritable(name=link.remote)
        if waiting:
            _send_all(running, collection, waiting, meter)
        decisions.ask(running, collection)


def _send_all(
    running: Running, collection: RemoteCollection, waiting: Sequence[_Waiting], meter: Meter
) -> None:
    """Piece by piece, each let go by the gate just before it is sent.

    A piece that is refused as a whole is sent again in halves, until the object that the peer minds is alone.
    """
    most = min(collection.max_content_length(), 8 * 1024 * 1024) - _SPARE
    count, refused_alone = _BATCH, 0
    while waiting:
        part = waiting[:count]
        piece = next(_pieces(_let_go(running, collection, part), most), [])
        if not piece:
            waiting = waiting[len(part) :]
            continue
        meter.check()
        try:
            reply = _post(running, collection, piece)
        except RequestRefused as error:
            if error.values["status"] not in _MINDS_CONTENT or refused_alone >= _REFUSALS:
                raise
            if len(piece) > 1:
                count = len(piece) // 2
                continue
            refused_alone += 1
            [(_, one)] = piece
            reply = Reply(None, is_complete=True, refusals=(_refusal(one, error),))
        else:
            refused_alone = 0
        _account(running, piece, reply)
        waiting = waiting[part.index(piece[-1][0]) + 1 :]
        count = min(2 * count, _BATCH)


def _post(
    running: Running, collection: RemoteCollection, piece: Sequence[tuple[_Waiting, Released]]
) -> Reply:
    """What is no longer let go while the peer keeps us waiting is not sent again."""
    body = b'{"objects":[' + b",".join(one.body for _, one in piece) + b"]}"
    waiting = [each for each, _ in piece]

    def again() -> bool:
        return len(_let_go(running, collection, waiting)) == len(piece)

    return collection.add(body, again)


def _refusal(one: Released, error: RequestRefused) -> Refused:
    words = f"{error.values['status']}: {error.values['words']}"
    return Refused(one.stix_id, one.version_text, words)


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
        carried = sorted(NEEDED.union(link.types))
        fresh = (
            fresh.join(ObjectVersion, ObjectVersion.id == FeedRow.version_id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(StixObject.type.in_(carried))
        )
    queue(work, link, work.session.scalars(fresh).all())


def _queue_revocations(work: Work, link: Link) -> None:
    """Of what went over this link and has been revoked since, by us or by its author: the gate has the last word."""
    newest = aliased(ObjectVersion)
    gone = (
        sa.select(newest.id)
        .join(StixObject, StixObject.newest_id == newest.id)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .join(Outgoing, Outgoing.version_id == ObjectVersion.id)
        .where(
            Outgoing.link_id == link.id,
            Outgoing.sent_at.is_not(None),
            newest.revoked.is_(True),
            ~_queued(link, newest.id),
        )
        .distinct()
    )
    queue(work, link, work.session.scalars(gone).all())


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


def _waiting(work: Work, link_id: int) -> list[_Waiting]:
    """In the order in which they were queued. What a peer has refused is not sent again."""
    query = (
        sa.select(Outgoing.id, Outgoing.version_id, ObjectVersion.bare)
        .join(ObjectVersion, ObjectVersion.id == Outgoing.version_id)
        .where(Outgoing.link_id == link_id, Outgoing.sent_at.is_(None), Outgoing.failure.is_(None))
        .order_by(Outgoing.id)
    )
    return [_Waiting(*row) for row in work.session.execute(query)]


def _let_go(
    running: Running, collection: RemoteCollection, part: Sequence[_Waiting]
) -> list[tuple[_Waiting, Released]]:
    with running.program.work(SYSTEM) as work:
        reader = check_may_run(work, running.link_id)
        link = work.session.get_one(Link, running.link_id)
        version_ids = _still_offered(work, link, [each.version_id for each in part])
        if collection.can_read:
            version_ids = _open_enough(work, version_ids)
        recalls = [each.version_id for each in part if each.is_recall]
        released = release(work, reader, None, version_ids, recalls=recalls)
    by_version = {each.version_id: each for each in released}
    return [(each, by_version[each.version_id]) for each in part if each.version_id in by_version]


def _still_offered(work: Work, link: Link, version_ids: Sequence[int]) -> list[int]:
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


def _open_enough(work: Work, version_ids: Sequence[int]) -> list[int]:
    query = (
        sa.select(ObjectVersion.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(ObjectVersion.id.in_(version_ids), ObjectFacts.tlp.in_(_IN_SHARED))
    )
    good = set(work.session.scalars(query))
    return [version_id for version_id in version_ids if version_id in good]


def _pieces(
    released: Sequence[tuple[_Waiting, Released]], most: int
) -> Iterator[list[tuple[_Waiting, Released]]]:
    """Together no longer than ``most`` bytes; one that is longer alone goes alone, to be refused by name."""
    piece: list[tuple[_Waiting, Released]] = []
    size = 0
    for waiting, one in released:
        if piece and size + len(one.body) + 1 > most:
            yield piece
            piece, size = [], 0
        piece.append((waiting, one))
        size += len(one.body) + 1
    if piece:
        yield piece


def _account(running: Running, piece: Sequence[tuple[_Waiting, Released]], reply: Reply) -> None:
    """What was answered, in the transaction that says that it went. What is pending is asked for later."""
    status_id = None if reply.is_complete else reply.status_id
    refusals = {
        waiting.id: words
        for waiting, one in piece
        if (words := reply.refusal_of(one.stix_id, one.version_text))
    }
    with running.program.work(SYSTEM) as work:
        run = work.session.get_one(Run, running.run_id)
        run.pages += 1
        run.offered += len(piece)
        run.refused += len(refusals)
        run.taken += len(piece) - len(refusals)
        for waiting, _ in piece:
            row = work.session.get_one(Outgoing, waiting.id)
            row.failure = refusals.get(waiting.id)
            row.sent_at = None if row.failure else work.now
            row.refused_at = work.now if row.failure else None
            row.status_id = None if row.failure else status_id
        taken = [waiting.version_id for waiting, _ in piece if waiting.id not in refusals]
        peer_id = work.session.get_one(Link, running.link_id).peer_id
        note_handed_out(work, Exit.PUSH, peer_id, taken)
        work.audit(
            "push.send",
            str(running.link_id),
            run=running.run_id,
            sent=[one.stix_id for _, one in piece][:50],
            count=len(piece),
            refused=len(refusals),
        )
