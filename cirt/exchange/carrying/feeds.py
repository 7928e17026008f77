"""What a peer's feeds hold for a file: read as the peer would read them over a line, and written down as read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cirt.exchange.carrying.errors import NoGiving
from cirt.exchange.carrying.frames import MAX_FRAME, Page, Section
from cirt.kernel.clock import from_us
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.parties.models import Peer
from cirt.release.collections import collections_for
from cirt.release.filters import ALL, Filter
from cirt.release.ledger import Reading
from cirt.release.models import Collection
from cirt.release.pages import IN_FILE, page
from cirt.release.readers import has_access, rights
from cirt.release.windows import Place, find_place
from cirt.sharing.queries import peer_reader

PAGE_SIZE = 500  # objects; each is shorter than a frame may be
_SPARE = 1024  # bytes of a frame beside its objects
_EVERY_VERSION = Filter(versions=(ALL,))


@dataclass(slots=True)
class Part:
    """One collection as this peer reads it, from ``begins_us`` on; ``ends_us`` moves along with what it shows."""

    collection: Collection
    place: Place
    begins_us: int
    ends_us: int
    readings: list[Reading] = field(default_factory=list)

    @property
    def section(self) -> Section:
        return Section(self.collection.uuid, self.collection.alias, _moment(self.begins_us))

    @property
    def ends(self) -> datetime | None:
        return _moment(self.ends_us)


def _moment(us: int) -> datetime | None:
    return None if us < 0 else from_us(us)


def parts_for(work: Work, peer: Peer, begins: dict[str, int]) -> list[Part]:
    """Each collection that this peer may read now; ``begins`` are dates by the number of its feed.

    Raises:
        NoGiving: there is none.
    """
    reader = peer_reader(work.session, peer.id, work.now)
    direction = reader.terms.direction if reader.terms else None
    members = collections_for(work.session, peer.id)
    found = [each for each in members if rights(each.kind, direction)[0]]
    if not found or not has_access(reader, work.now):
        raise NoGiving(peer=peer.slug)
    places = [(each, find_place(work, reader, each)) for each in found]
    return [
        Part(each, place, at := begins.get(str(place.feed_id), -1), at) for each, place in places
    ]


def pages_of(work: Work, part: Part, number: int) -> Iterator[Page]:
    """The rest of one feed, through the gate; ``number`` is that of its section."""
    more = True
    while more:
        found = page(
            work,
            part.place,
            _EVERY_VERSION,
            after_us=part.ends_us,
            limit=PAGE_SIZE,
            endpoint=IN_FILE,
        )
        for released in found.objects:
            yield from _envelopes(number, len(released.version_ids), released.body)
        if found.reading is not None:
            part.readings.append(found.reading)
        if found.dates:
            part.ends_us = found.dates[-1]
        more = found.more


def _envelopes(number: int, count: int, body: bytes) -> Iterator[Page]:
    """One, or as many as frames are needed for these objects, joined by commas."""
    if not count:
        return
    envelope = b'{"objects":[' + body + b"]}"
    if len(envelope) <= MAX_FRAME - _SPARE:
        yield Page(number, count, envelope)
        return
    some: list[bytes] = []
    size = 0
    for piece in codec.split(envelope):
        if some and size + len(piece) + 1 > MAX_FRAME - _SPARE:
            yield _together(number, some)
            some, size = [], 0
        some.append(piece)
        size += len(piece) + 1
    yield _together(number, some)


def _together(number: int, pieces: list[bytes]) -> Page:
    return Page(number, len(pieces), b'{"objects":[' + b",".join(pieces) + b"]}")
