"""Makes a file for a peer: the rows of its feeds since the last file, through the gate.

It is made on this host first, in a file without a name that is gone with the process. Then the ledger says that it
leaves, and only after that is it written to where it was asked for: what lies there is whole, and nothing has left
that the ledger does not know. A file that never got there is made up for by the next one.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cirt.exchange.carrying.errors import (
    NoFileYet,
    NoRoom,
    NothingToCarry,
    NotWritten,
    OutThere,
    StillMoving,
)
from cirt.exchange.carrying.feeds import Part, pages_of, parts_for
from cirt.exchange.carrying.frames import Header
from cirt.exchange.carrying.models import Carried, CarriedFile
from cirt.exchange.carrying.own_keys import keys_of, own_keys
from cirt.exchange.carrying.state import carried_with, file_numbered, last_file, link_by_file
from cirt.exchange.carrying.writing import Writer
from cirt.exchange.models import LinkDirection, RunState
from cirt.exchange.runs import new_run
from cirt.kernel.exchange_keys import PrivateKeys
from cirt.kernel.program import Program
from cirt.kernel.work import Actor, Work
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer, ourselves
from cirt.release.ledger import record_pages

_TRIES = 5


@dataclass(frozen=True, slots=True)
class CarriedOut:
    number: int
    follows: int
    objects: int
    collections: int
    sha256: str  # by which the file is known


@dataclass(frozen=True, slots=True)
class _Made:
    """What is in the file without a name, and where each feed was read to."""

    number: int
    follows: int
    taken: int
    objects: int
    sha256: str
    parts: list[Part]
    begins: dict[str, int]


def write_file(
    program: Program,
    slug: str,
    path: Path,
    actor: Actor,
    *,
    again_from: int | None = None,
    again: bool = False,
    is_sealed: bool = True,
) -> CarriedOut:
    """Write the next file for this peer. ``again_from``, or ``again`` the last: with all since before that file.

    Raises:
        NoSuchPeer, PeerKeyMissing, NoGiving, NothingToCarry, NoFileYet, OutThere, StillMoving,
        NoRoom, NotWritten, SecretUnreadable, NotAllowed.
    """
    if path.exists():
        raise OutThere(path=path)
    with program.work(actor) as work:
        work.require("sync:run")
        own = own_keys(work, program.keys)
    for _ in range(_TRIES):
        with _unnamed(program) as file, suppress(_Moved):
            with program.work(actor, write=False) as work:
                peer = find_peer(work.session, slug)
                begin = _begin(work, peer, again_from, again=again)
                made = _make(work, peer, own, begin, file, is_sealed=is_sealed)
            with program.work(actor) as work:
                _note(work, peer, made)
            _put(file, path)
            with program.work(actor) as work:
                _note_written(work, peer, made)
            return CarriedOut(made.number, made.follows, made.objects, len(made.parts), made.sha256)
    raise StillMoving(peer=slug)


class _Moved(Exception):
    """Never leaves this module."""


@contextmanager
def _unnamed(program: Program) -> Iterator[BinaryIO]:
    folder = program.settings.data_dir
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            yield file
    except OSError as error:
        if error.filename is not None:
            raise
        raise NoRoom(path=folder, reason=error.strerror) from error


@dataclass(frozen=True, slots=True)
class _Begin:
    """Where a file begins: it follows file ``follows``; ``is_wanted`` also without anything new."""

    number: int
    follows: int
    begins: dict[str, int]
    is_wanted: bool
    carried: Carried | None


def _begin(work: Work, peer: Peer, again_from: int | None, *, again: bool) -> _Begin:
    session = work.session
    last, carried = last_file(session, peer.id), session.get(Carried, peer.id)
    number = 1 + max(last.number if last else 0, carried.told_number if carried else 0)
    if again_from is not None or again:
        wanted = again_from if again_from is not None else (last.number if last else 1)
        found = file_numbered(session, peer.id, wanted)
        if found is None:
            raise NoFileYet(number=wanted, peer=peer.slug)
        return _Begin(number, found.follows, dict(found.begins), True, carried)
    if last is None:
        return _Begin(number, 0, {}, False, carried)
    if not last.is_written:  # it never got to where it was asked for
        return _Begin(number, last.follows, dict(last.begins), True, carried)
    return _Begin(number, last.number, dict(last.ends), False, carried)


def _make(
    work: Work,
    peer: Peer,
    own: PrivateKeys,
    begin: _Begin,
    file: BinaryIO,
    *,
    is_sealed: bool,
) -> _Made:
    to = keys_of(peer)
    parts = parts_for(work, peer, begin.begins)
    taken = begin.carried.taken_number if begin.carried else 0
    writer = Writer(file, own, to, is_sealed=is_sealed)
    writer.begin(
        Header(
            ourselves(work.session).identity_id,
            own.public.fingerprint,
            to.fingerprint,
            begin.number,
            begin.follows,
            work.now,
            taken,
            [part.section for part in parts],
        )
    )
    objects = 0
    for number, part in enumerate(parts):
        for page in pages_of(work, part, number):
            writer.add(page)
            objects += page.count
    sha256 = writer.end([part.ends for part in parts])
    has_news = taken > (begin.carried.said_number if begin.carried else 0)
    if not objects and not begin.is_wanted and not has_news:
        raise NothingToCarry(peer=peer.slug, number=begin.follows)
    return _Made(begin.number, begin.follows, taken, objects, sha256, parts, begin.begins)


def _note(work: Work, peer: Peer, made: _Made) -> None:
    """Write down that it leaves.

    Raises:
        _Moved: what it rests on has moved since, so it must be made again.
    """
    carried = carried_with(work, peer)
    last = last_file(work.session, peer.id)
    if 1 + max(last.number if last else 0, carried.told_number) != made.number:
        raise _Moved
    readings = [reading for part in made.parts for reading in part.readings]
    if readings and not all(record_pages(work, readings)):
        raise _Moved
    ends = made.begins | {str(part.place.feed_id): part.ends_us for part in made.parts}
    work.session.add(
        CarriedFile(
            peer_id=peer.id,
            number=made.number,
            follows=made.follows,
            made_at=work.now,
            sha256=made.sha256,
            objects=made.objects,
            begins=made.begins,
            ends=ends,
        )
    )
    carried.said_number = max(carried.said_number, made.taken)
    _show(work, peer, made, len(readings))
    work.audit(
        "exchange.export",
        peer.slug,
        number=made.number,
        follows=made.follows,
        file=made.sha256,
        count=made.objects,
    )


def _show(work: Work, peer: Peer, made: _Made, pages: int) -> None:
    """As a run of the link by file; that its data arrived is known when the peer's own file says so."""
    link = link_by_file(work, peer, LinkDirection.PUSH)
    link.last_run_at = link.last_success_at = work.now
    run = new_run(link.id, work)
    run.state, run.ended_at = RunState.DONE, work.now
    run.pages, run.offered = pages, made.objects
    work.session.add(run)


def _note_written(work: Work, peer: Peer, made: _Made) -> None:
    found = file_numbered(work.session, peer.id, made.number)
    if found is not None:
        found.is_written = True


def _put(file: BinaryIO, path: Path) -> None:
    """Whole under its name, or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    file.flush()
    file.seek(0)
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            shutil.copyfileobj(file, out, 1024 * 1024)
            out.flush()
            os.fsync(out.fileno())
        half.rename(path)
        _sync_folder(path.parent)
    except BaseException as error:
        half.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise NotWritten(path=path, reason=error.strerror) from error
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
