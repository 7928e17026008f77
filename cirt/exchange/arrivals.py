"""The one door for objects from anywhere: TAXII POST, pull, console import, connectors."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cirt.exchange import quarantine
from cirt.exchange.arriving import awaited
from cirt.exchange.arriving.doors import Door, door_of
from cirt.exchange.arriving.taking import Arrival, take_by
from cirt.exchange.models import Outcome, Quarantined
from cirt.kernel import jobs
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.codec import Read
from cirt.parties.models import Peer
from cirt.release.models import Collection
from cirt.sharing.facts import PeerReader

JOB = "quarantine.retry"
_LANE = JOB  # of its own: what else the worker does goes on beside it


def take(
    work: Work,
    pieces: Sequence[bytes | Read],
    *,
    peer: Peer | None,
    reader: PeerReader | None = None,
    collection: Collection | None = None,
    run_id: int | None = None,
    tlp: Tlp | None = None,
) -> list[Arrival]:
    """Take what may be taken; one answer per piece, in the order given. Nothing is lost without a reason.

    Pieces that :func:`codec.read` has read already need not be read while others wait for this transaction.
    ``peer`` None is the console, which vouches for what it brings (rulings 10); ``tlp`` then binds what
    carries no level. ``reader`` is the peer under its present terms, where the caller has it. What is held or
    refused is kept with its bytes, but for RED from a peer.

    Raises:
        RedNotImported.
    """
    door = door_of(work, peer, collection, run_id, tlp, reader)
    arrivals, definitions = take_by(work, pieces, door)
    counts = Counter(arrival.outcome for arrival in arrivals)
    if counts.total() > counts[Outcome.KNOWN]:
        work.audit(
            "arrivals.take",
            peer.slug if peer else "import",
            collection=collection.alias if collection else None,
            run=run_id,
            **{outcome.value: counts[outcome] for outcome in Outcome},
        )
    _retry(work, definitions)
    return arrivals


def take_waiting(
    work: Work, rows: Sequence[Quarantined], lets: frozenset[str] = frozenset()
) -> list[Arrival]:
    """Let in what was held, with whatever waits for it; a person has decided that it may come.

    ``lets`` are the codes of reasons that do not hold it this time. One answer per row, in the order given.
    """
    arrivals, definitions = _take_all(work, rows, is_counted=False, lets=lets)
    _retry(work, definitions)
    return [arrivals[row.id] for row in rows]


def _retry(work: Work, definitions: Sequence[str]) -> None:
    """Take anew what was held until these definitions came; where that is much, the worker does it."""
    while definitions:
        rows, has_more = awaited.awaiting(work.session, definitions)
        if has_more:
            _ask_worker(work, definitions)
            return
        _, definitions = _take_all(work, rows)


def take_awaiting(program: Program, definitions: Sequence[str]) -> Iterator[int]:
    """The job: a slice in each transaction; how many each. After a break it goes on with what still waits."""
    has_more = True
    while has_more:
        with program.work(SYSTEM) as work:
            rows, has_more = awaited.awaiting(work.session, definitions)
            _, found = _take_all(work, rows)
            if found:
                _ask_worker(work, found)
            has_more &= not rows or not all(_still_waits(row, definitions) for row in rows)
        yield len(rows)


def ask_anew(work: Work) -> None:
    """Where something waits for what is here: that came in the same moment, or the worker had given it up."""
    definitions = awaited.already_here(work.session)
    if definitions and not jobs.is_lane_busy(work.session, _LANE):
        _ask_worker(work, definitions)


def _still_waits(row: Quarantined, definitions: Sequence[str]) -> bool:
    return row.settled_at is None and row.waits_for in definitions


def _ask_worker(work: Work, definitions: Sequence[str]) -> None:
    payload = {"definitions": list(definitions)}
    jobs.put(work.session, JOB, payload, run_at=work.now, lane=_LANE)


def _take_all(
    work: Work,
    rows: Sequence[Quarantined],
    *,
    is_counted: bool = True,
    lets: frozenset[str] = frozenset(),
) -> tuple[dict[int, Arrival], list[str]]:
    """Each by the door at which it came: answers by row, and the definitions among them that are taken now."""
    groups: dict[tuple[quarantine.Source, str | None], list[Quarantined]] = defaultdict(list)
    for row in rows:
        source = quarantine.Source(row.peer_id, row.collection_id, row.run_id)
        groups[source, row.values.get("import_tlp")].append(row)
    answers: dict[int, Arrival] = {}
    found: list[str] = []
    for (source, tlp), some in groups.items():
        door = _door_again(work, source, tlp)
        door = replace(door, is_counted=is_counted, lets=lets)
        arrivals, definitions = take_by(work, [row.body or b"" for row in some], door)
        for row, arrival in zip(some, arrivals, strict=True):
            quarantine.settle(work, row, arrival.outcome, arrival.reason)
            answers[row.id] = arrival
        counts = Counter(arrival.outcome.value for arrival in arrivals)
        work.audit("quarantine.retry", door.peer.slug if door.peer else "import", **counts)
        found += definitions
    return answers, found


def _door_again(work: Work, source: quarantine.Source, tlp: str | None) -> Door:
    session = work.session
    peer = session.get(Peer, source.peer_id) if source.peer_id else None
    collection = session.get(Collection, source.collection_id) if source.collection_id else None
    return door_of(work, peer, collection, source.run_id, Tlp.parse(tlp) if tlp else None)
