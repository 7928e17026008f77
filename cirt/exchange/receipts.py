"""A peer's TAXII POST, and the status resource that tells what became of it (TAXII 2.1, sections 4.3, 5.4)."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.arrivals import take
from cirt.exchange.arriving.reasons import ALWAYS_HIDDEN, MAY_BE_HIDDEN
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.models import Receipt
from cirt.exchange.room import check_room
from cirt.exchange.trouble import DiskLow, QuarantineFull
from cirt.kernel.among import among
from cirt.kernel.errors import Invalid, NotAllowed, NotFound, TooLarge, Unavailable
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.codec import Read
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer
from cirt.release.models import Collection, CollectionKind, Feed, FeedRow, Member
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader
from cirt.sharing.models import Direction
from cirt.sharing.queries import peer_reader

MAX_OBJECTS = 20_000  # in one envelope: they are taken in one transaction and answered one by one

_UNKNOWN_ID = "unknown--00000000-0000-4000-8000-000000000000"


class NothingSent(Invalid):
    code = "nothing-sent"
    message = mark("The envelope holds no objects. Send at least one.")


class TooManyObjects(TooLarge):
    code = "too-many-objects"
    message = mark(
        "The envelope holds {count} objects, and at most {limit} are taken at once. Send them in parts."
    )


class NotWritable(NotAllowed):
    code = "not-writable"
    message = mark("The collection {collection} cannot be written to.")


class NoRoom(Unavailable):
    code = "no-room"
    message = mark(
        "There is no room here for more of what you send. Send this again later, or write to us."
    )


class NoSuchReceipt(NotFound):
    code = "no-such-receipt"
    message = mark("There is no status {id} of yours.")


class NoSuchCollectionHere(NotFound):
    code = "no-such-collection"
    message = mark("There is no collection here that you may see.")


def open_envelope(body: bytes) -> list[Read]:
    """Its objects, read; done before a transaction begins, as a large one takes a while.

    Raises:
        NotJson, NotEnvelope, TooDeep: the body is no envelope.
        NothingSent, TooManyObjects.
    """
    pieces = codec.split(body)
    if pieces == [body.strip()]:
        raise codec.NotEnvelope(problem="it is one object without an envelope")
    if not pieces:
        raise NothingSent
    if len(pieces) > MAX_OBJECTS:
        raise TooManyObjects(count=len(pieces), limit=MAX_OBJECTS)
    return codec.read_all(pieces)


def receive(
    work: Work, peer: Peer, collection: Collection, pieces: Sequence[bytes | Read]
) -> Receipt:
    """Take an envelope's objects one by one; the receipt is complete when this returns.

    Raises:
        NoSuchCollectionHere: for this peer it does not exist.
        NotWritable: it does, but takes nothing from this peer.
        NoRoom: too much that it sent waits for us, or the disk is nearly full.
    """
    reader = peer_reader(work.session, peer.id, work.now)
    refusal = _refusal(work, reader, collection)
    if refusal is not None:
        raise refusal
    try:
        check_room(work.session, peer)
    except (QuarantineFull, DiskLow) as error:
        raise NoRoom from error
    arrivals = take(work, pieces, peer=peer, reader=reader, collection=collection)
    receipt = Receipt(
        id=str(uuid.uuid4()),
        peer_id=peer.id,
        collection_id=collection.id,
        at=work.now,
        successes=[],
        failures=[],
    )
    hidden = _hidden(work.session, peer, arrivals)
    for arrival in arrivals:
        is_failure = arrival.reason is not None and not _is_hidden(arrival, hidden)
        (receipt.failures if is_failure else receipt.successes).append(
            _detail(arrival, explain=is_failure)
        )
    work.session.add(receipt)
    work.session.flush()
    work.audit("receipt", receipt.id, peer=peer.slug, collection=collection.alias)
    return receipt


def find_receipt(work: Work, peer: Peer, receipt_id: str) -> Receipt:
    """
    Raises:
        NoSuchReceipt: there is none, or it is another peer's.
    """
    receipt = work.session.get(Receipt, receipt_id)
    if receipt is None or receipt.peer_id != peer.id:
        raise NoSuchReceipt(id=receipt_id[:60])
    return receipt


def _refusal(
    work: Work, reader: PeerReader, collection: Collection
) -> NoSuchCollectionHere | NotWritable | None:
    is_member = work.session.get(Member, (collection.id, reader.peer_id)) is not None
    if agreement_rule(reader, work.now) or not is_member:
        return NoSuchCollectionHere()
    gives_only = reader.terms is not None and reader.terms.direction is Direction.GIVE
    if gives_only or collection.kind is CollectionKind.PUBLISHED:
        return NotWritable(collection=collection.alias)
    return None


def _hidden(session: Session, peer: Peer, arrivals: Sequence[Arrival]) -> set[str]:
    """Ids of objects that are here and that this peer cannot see."""
    suspects = {a.stix_id for a in arrivals if a.code in MAY_BE_HIDDEN and a.stix_id}
    return _unseen(session, peer, suspects) if suspects else set()


def _unseen(session: Session, peer: Peer, suspects: set[str]) -> set[str]:
    is_offered = (
        sa.exists()
        .where(FeedRow.object_id == ObjectRow.id, FeedRow.closed_us.is_(None))
        .where(Feed.id == FeedRow.feed_id, Feed.peer_id == peer.id)
    )
    visible = sa.select(ObjectRow.stix_id).where(
        among(ObjectRow.stix_id, suspects), sa.or_(ObjectRow.brought_by_id == peer.id, is_offered)
    )
    return suspects - set(session.scalars(visible))


def tells_nothing(session: Session, peer: Peer, code: str, stix_id: str | None) -> bool:
    """Whether why this peer's arrival is held must not be told to it: something that it cannot see is the cause."""
    if code not in MAY_BE_HIDDEN:
        return code in ALWAYS_HIDDEN
    return stix_id is None or bool(_unseen(session, peer, {stix_id}))


def _is_hidden(arrival: Arrival, hidden: set[str]) -> bool:
    """Whether its trouble comes from something that this peer cannot see: answered as if taken."""
    if arrival.code in ALWAYS_HIDDEN:
        return True
    return arrival.code in MAY_BE_HIDDEN and arrival.stix_id in hidden


def _detail(arrival: Arrival, *, explain: bool) -> dict[str, str]:
    """A status detail; an object without a readable id gets one that says so, for the standard asks for it.

    A success says nothing more: that something was here already may be what the peer must not learn.
    """
    detail = {
        "id": arrival.stix_id or _UNKNOWN_ID,
        "version": arrival.version_text or codec.NO_VERSION,
    }
    return {**detail, "message": f"{arrival.code}: {arrival.sentence}"} if explain else detail
