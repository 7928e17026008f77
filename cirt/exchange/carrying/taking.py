"""Takes a carried file: first all of it is verified, then it comes in page by page as from a line.

One transaction holds a page's objects, what was held and refused, the run's counts, and the place reached in the
file, so that an import that breaks off anywhere is taken up there.
"""

from dataclasses import dataclass
from pathlib import Path

from cirt.exchange.arrivals import take
from cirt.exchange.carrying.errors import CarriedChanged, CarriedCut, CarriedTooEarly, SenderUnknown
from cirt.exchange.carrying.frames import Page
from cirt.exchange.carrying.models import Carried
from cirt.exchange.carrying.own_keys import holder_of, keys_of, own_keys
from cirt.exchange.carrying.reading import Reader
from cirt.exchange.carrying.state import carried_with, link_by_file, note_told
from cirt.exchange.models import Link, LinkDirection, Outcome, Run
from cirt.exchange.runs import Running, count, peer_of, run_link
from cirt.exchange.trouble import FileLost, FileMissing, FileWrong, OtherImport
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM, Actor, Work
from cirt.objects import codec
from cirt.parties.models import Peer


@dataclass(frozen=True, slots=True)
class CarriedIn:
    """``run`` is None where the file, or a later one that holds it, was taken before."""

    peer: str  # slug
    number: int
    last: int  # of the peer's files, the last that was taken
    run: Run | None


def take_file(program: Program, path: Path, actor: Actor, *, accept_gap: bool = False) -> CarriedIn:
    """What a peer sends by file. What goes wrong after it was verified ends in the run's ``error``.

    Raises:
        NotCarried, CarriedOlder, CarriedNewer, CarriedCut, CarriedLonger, CarriedChanged, CarriedForOther,
        SenderUnknown, CarriedTooEarly, OtherImport, SecretUnreadable, NotAllowed: nothing was taken.
    """
    with program.work(actor) as work:
        work.require("sync:run")
        own = own_keys(work, program.keys)
    with path.open("rb") as file:
        reader = Reader(file, str(path), own)
        header = reader.header
        with program.work(actor, write=False) as work:
            sender = holder_of(work.session, header.sender_key)
            if sender is None:
                raise SenderUnknown(path=path, fingerprint=header.sender_key[:80])
            keys = keys_of(sender)
        reader.verify(keys)
        with program.work(actor) as work:
            carried = carried_with(work, sender)
            note_told(work, sender, header.taken)
            if not accept_gap and _is_known(carried, reader, sender):
                return CarriedIn(sender.slug, header.number, carried.taken_number, None)
            link_id = link_by_file(work, sender, LinkDirection.PULL).id
            work.audit("exchange.import", sender.slug, number=header.number, file=reader.digest)
        walk = _Walk(reader, sender.slug, accept_gap=accept_gap)
        run = run_link(program, link_id, walk.go)
        return CarriedIn(sender.slug, header.number, header.number, run)


def _is_known(carried: Carried, reader: Reader, sender: Peer) -> bool:
    """
    Raises:
        CarriedTooEarly: its number was taken, but not by it.
    """
    header = reader.header
    if header.number > carried.taken_number:
        return False
    newest = carried.taken_made_at
    if reader.digest != carried.taken_file and newest is not None and header.made_at > newest:
        raise CarriedTooEarly(number=header.number, peer=sender.slug, last=carried.taken_number)
    return True


class _Walk:
    """One way through a verified file."""

    def __init__(self, reader: Reader, slug: str, *, accept_gap: bool) -> None:
        self._reader, self._header, self._slug = reader, reader.header, slug
        self._accept_gap = accept_gap

    def go(self, running: Running) -> None:
        """
        Raises:
            FileMissing, FileWrong, NoAgreement, Resting: why nothing more was taken.
        """
        program = running.program
        with program.work(SYSTEM) as work:
            running.check(work)
            carried = carried_with(work, peer_of(work.session, running.link_id))
            self._check_follows(carried)
            if carried.open_file != self._reader.digest:
                carried.open_file, carried.open_pages = self._reader.digest, 0
            place = carried.open_pages
        try:
            for number, page in enumerate(self._reader.pages(place), start=place):
                self._take(running, number, page)
        except (OSError, CarriedChanged, CarriedCut):
            raise FileLost(number=self._header.number, peer=self._slug) from None
        with program.work(SYSTEM) as work:
            self._close(work, running)

    def _check_follows(self, carried: Carried) -> None:
        header, last = self._header, carried.taken_number
        if header.follows > last and not self._accept_gap:
            raise FileMissing(
                number=header.number,
                peer=self._slug,
                after=header.follows,
                last=last,
                wanted=last + 1,
            )

    def _take(self, running: Running, number: int, page: Page) -> None:
        read = codec.read_all(self._pieces(page))
        with running.program.work(SYSTEM) as work:
            running.check(work)
            peer = peer_of(work.session, running.link_id)
            self._hold(work, peer, number).open_pages = number + 1
            arrivals = take(work, read, peer=peer, run_id=running.run_id)
            run = work.session.get_one(Run, running.run_id)
            count(run, arrivals)
            if any(arrival.outcome is Outcome.TAKEN for arrival in arrivals):
                work.session.get_one(Link, running.link_id).last_data_at = work.now

    def _pieces(self, page: Page) -> list[bytes]:
        try:
            pieces = codec.split(page.body)
        except CirtError:
            raise self._wrong("a page is no envelope") from None
        if len(pieces) != page.count:
            raise self._wrong("a page holds another number of objects than it says")
        return pieces

    def _wrong(self, problem: str) -> FileWrong:
        return FileWrong(number=self._header.number, peer=self._slug, problem=problem)

    def _hold(self, work: Work, peer: Peer, place: int) -> Carried:
        """
        Raises:
            OtherImport: somebody else has moved on from where we are.
        """
        carried = carried_with(work, peer)
        if (carried.open_file, carried.open_pages) != (self._reader.digest, place):
            raise OtherImport(peer=self._slug)
        return carried

    def _close(self, work: Work, running: Running) -> None:
        peer = peer_of(work.session, running.link_id)
        carried = carried_with(work, peer)
        if carried.open_file != self._reader.digest:
            raise OtherImport(peer=self._slug)
        carried.open_file, carried.open_pages = None, 0
        carried.taken_at = work.now
        newest, number = carried.taken_made_at, self._header.number
        if newest is None or number > carried.taken_number or self._header.made_at > newest:
            carried.taken_number, carried.taken_file = number, self._reader.digest
            carried.taken_made_at = self._header.made_at
