"""Sends what waits on a push link: through the gate at the moment of sending, in pieces that the peer takes.

The ledger says that a piece leaves before it does, so whoever may have got something hears of its revocation. It is
marked as sent after the peer has answered. Where the answer is lost it is sent again: for the peer the same id and
version is known, so nothing doubles. What the peer makes of it later: :mod:`decisions`.
"""

from collections.abc import Sequence

from cirt.exchange.links.budget import Meter, metered
from cirt.exchange.models import Link, Outgoing, Run, RunState
from cirt.exchange.pushing import decisions
from cirt.exchange.pushing.queuing import Waiting, open_enough, queue_new, still_offered, waiting_on
from cirt.exchange.remote.collections import Remote, RemoteCollection
from cirt.exchange.remote.replies import Refused, Reply
from cirt.exchange.runs import Caps, Running, check_may_run, new_run, rehearsal, run_link
from cirt.exchange.trouble import NotWritable, RequestRefused
from cirt.kernel.errors import Unavailable
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Work
from cirt.release.holdings.handing import note_once
from cirt.release.holdings.models import Exit
from cirt.sharing.gate import Released, release

_BATCH = 500  # objects in one POST
_SPARE = 1024  # bytes left free below what the peer says it takes
_MINDS_CONTENT = (400, 413, 422)  # what a peer says of a POST that it will not take as it is
_REFUSALS = (
    10  # objects refused alone, one after the other; a peer that minds all of them is asked later
)


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
        queue_new(work, link)
        waiting = waiting_on(work, link_id)
        recalls = [each.version_id for each in waiting if each.is_recall]
        wanted = still_offered(work, link, [each.version_id for each in waiting])
        run.offered = len(release(work, reader, None, wanted, recalls=recalls))
        run.state = RunState.DONE
    return run


def _push(running: Running) -> None:
    with running.program.work(SYSTEM) as work:
        running.check(work)
        link = work.session.get_one(Link, running.link_id)
        queue_new(work, link)
        waiting = waiting_on(work, link.id)
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
    running: Running, collection: RemoteCollection, waiting: Sequence[Waiting], meter: Meter
) -> None:
    """Piece by piece, each let go by the gate just before it is sent.

    A piece that is refused as a whole is sent again in halves, until the object that the peer minds is alone.
    """
    most = min(collection.max_content_length(), 8 * 1024 * 1024) - _SPARE
    count, refused_alone = _BATCH, 0
    while waiting:
        meter.check()
        part = waiting[:count]
        piece = _let_go(running, collection, part, most)
        if not piece:
            waiting = waiting[len(part) :]
            continue
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
    running: Running, collection: RemoteCollection, piece: Sequence[tuple[Waiting, Released]]
) -> Reply:
    """What is no longer let go while the peer keeps us waiting is not sent again."""
    body = b'{"objects":[' + b",".join(one.body for _, one in piece) + b"]}"
    waiting = [each for each, _ in piece]

    def again() -> bool:
        with running.program.work(SYSTEM, write=False) as work:
            return len(_judged(work, running, collection, waiting)) == len(piece)

    return collection.add(body, again)


def _refusal(one: Released, error: RequestRefused) -> Refused:
    words = f"{error.values['status']}: {error.values['words']}"
    return Refused(one.stix_id, one.version_text, words)


def _let_go(
    running: Running, collection: RemoteCollection, part: Sequence[Waiting], most: int
) -> list[tuple[Waiting, Released]]:
    """The first of them that may go, as many as ``most`` bytes hold, with the note that they leave."""
    with running.program.work(SYSTEM) as work:
        piece = _first(_judged(work, running, collection, part, held=True), most)
        peer_id = work.session.get_one(Link, running.link_id).peer_id
        note_once(work, Exit.PUSH, peer_id, [waiting.version_id for waiting, _ in piece])
    return piece


def _judged(
    work: Work,
    running: Running,
    collection: RemoteCollection,
    part: Sequence[Waiting],
    *,
    held: bool = False,
) -> list[tuple[Waiting, Released]]:
    reader = running.check(work, held=held)
    link = work.session.get_one(Link, running.link_id)
    version_ids = still_offered(work, link, [each.version_id for each in part])
    if collection.can_read:
        version_ids = open_enough(work, version_ids)
    recalls = [each.version_id for each in part if each.is_recall]
    released = release(work, reader, None, version_ids, recalls=recalls)
    by_version = {each.version_id: each for each in released}
    return [(each, by_version[each.version_id]) for each in part if each.version_id in by_version]


def _first(
    released: Sequence[tuple[Waiting, Released]], most: int
) -> list[tuple[Waiting, Released]]:
    """Together no longer than ``most`` bytes; one that is longer alone goes alone, to be refused by name."""
    size = 0
    for count, (_, one) in enumerate(released):
        size += len(one.body) + 1
        if count and size > most:
            return list(released[:count])
    return list(released)


def _account(running: Running, piece: Sequence[tuple[Waiting, Released]], reply: Reply) -> None:
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
        work.audit(
            "push.send",
            str(running.link_id),
            run=running.run_id,
            sent=[one.stix_id for _, one in piece][:50],
            count=len(piece),
            refused=len(refusals),
        )
