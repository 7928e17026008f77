"""Makes a file: rows through the gate into a temporary file, then the label of the whole, then a line in the trail."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import IO

import orjson

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.codec import observables_in
from cirt.objects.index import said_of
from cirt.parties.peers import find_peer, ourselves
from cirt.release.company import definitions_named
from cirt.release.exporting.bundle import BundleWriter
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.exporting.errors import NothingToExport
from cirt.release.exporting.misp import MispWriter
from cirt.release.exporting.rows import Going, Label, Writer, file_name
from cirt.release.exporting.scope import Part, parts
from cirt.release.exporting.sheet import SheetWriter
from cirt.release.holdings.handing import note_handed_out
from cirt.release.holdings.models import Exit
from cirt.sharing.gate import release

WRITERS: dict[Format, type[Writer]] = {
    Format.STIX: BundleWriter,
    Format.CSV: SheetWriter,
    Format.MISP: MispWriter,
}
_AT_ONCE = 1000
_IN_MEMORY = 1 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that is whole and labelled; ``chunks`` gives it once and closes it."""

    name: str
    media_type: str
    tlp: Tlp
    objects: int
    size: int
    sha256: str
    body: IO[bytes]
    head: bytes
    tail: bytes
    version_ids: tuple[int, ...] = ()

    def chunks(self) -> Iterator[bytes]:
        with self.body:
            yield self.head
            while chunk := self.body.read(_CHUNK):
                yield chunk
            yield self.tail


def make_export(work: Work, cmd: Export) -> Exported:
    """The file, from one moment of the database. It may leave only after ``note_export`` is committed.

    RED is in none, whoever asks: it goes to named persons one by one.

    Raises:
        NothingToExport: the gate lets none of it go to that audience, or the format has no place for it.
        NoSuchExport, NotAllowed.
    """
    work.require("content:read")
    writer = WRITERS[cmd.format]()
    with ExitStack() as undo:
        body = undo.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        levels, going = _write_rows(work, writer, parts(work, cmd), body)
        if not going:
            raise NothingToExport(audience=cmd.audience or ourselves(work.session).name)
        undo.pop_all()
    us = ourselves(work.session)
    ordered = tuple(sorted(levels, reverse=True))
    label = Label(ordered[0], ordered, work.now, us.name, us.identity_id)
    return _finished(writer, label, going, body)


def _write_rows(
    work: Work, writer: Writer, asked: Sequence[Part], body: IO[bytes]
) -> tuple[set[Tlp], list[int]]:
    """Which markings and versions went in."""
    levels, written = set[Tlp](), dict[int, None]()

    def write(going: Going) -> bool:
        row = writer.row(going)
        if row:
            body.write(writer.between if written else b"")
            body.write(row)
            written[going.released.version_id] = None
        return bool(row)

    for part in asked:
        for going in going_of(work, part):
            if write(going):
                levels.add(going.tlp)
    for part in asked if writer.brings_definitions else ():
        named = definitions_named(work.session, [*written])
        for going in going_of(
            work, Part(part.recipient, None, [v for v in named if v not in written])
        ):
            write(going)
    return levels, list(written)


def going_of(work: Work, part: Part) -> Iterator[Going]:
    """What the gate lets go of it, and never what is RED."""
    ids = iter(part.version_ids)
    while some := list(islice(ids, _AT_ONCE)):
        said = said_of(work.session, some)
        may = [each for each in some if said[each].tlp is not Tlp.RED]
        for one in release(
            work, part.recipient, part.kind, may, posted=part.posted, recalls=part.recalls
        ):
            content = orjson.loads(one.body)
            says = said[one.version_id]
            yield Going(one, says.tlp, content, observables_in(content), says.pap)


def _finished(writer: Writer, label: Label, written: Sequence[int], body: IO[bytes]) -> Exported:
    head, tail = writer.head(label), writer.tail(label)
    digest = hashlib.sha256(head)
    size = len(head) + body.tell() + len(tail)
    body.seek(0)
    while chunk := body.read(_CHUNK):
        digest.update(chunk)
    digest.update(tail)
    body.seek(0)
    return Exported(
        file_name(label, writer.ending),
        writer.media_type,
        label.tlp,
        len(written),
        size,
        digest.hexdigest(),
        body,
        head,
        tail,
        tuple(written),
    )


def note_export(work: Work, cmd: Export, made: Exported) -> None:
    """For the trail (rulings 11): what went into the file and for whom, by its digest; no content, no words of a search.

    Of a file for a peer the ledger knows from now on that the peer has what is in it.
    """
    if cmd.audience:
        peer = find_peer(work.session, cmd.audience)
        release_of = cmd.name if cmd.subject is Subject.RELEASE else None
        note_handed_out(work, Exit.EXPORT, peer.id, made.version_ids, reference=release_of)
    work.audit(
        "export.save",
        cmd.name or cmd.subject.value,
        of=cmd.subject,
        format=cmd.format,
        audience=cmd.audience or "staff",
        objects=made.objects,
        tlp=made.tlp,
        sha256=made.sha256,
    )
