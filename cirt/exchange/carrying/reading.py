"""Reads a carried file twice: once to see that it is whole and signed, and then for what it holds."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag

from cirt.exchange.carrying.errors import (
    CarriedChanged,
    CarriedCut,
    CarriedForOther,
    CarriedLonger,
    CarriedNewer,
    CarriedOlder,
    NotCarried,
)
from cirt.exchange.carrying.frames import (
    BEGIN,
    KEY,
    MAGIC,
    MAX_FRAME,
    MAX_OBJECTS,
    MAX_PAGES,
    SIGNATURE,
    SIGNED_AS,
    TAG,
    VERSION,
    Header,
    Kind,
    Mode,
    Page,
    Sealing,
    Trailer,
)
from cirt.kernel.exchange_keys import DIGEST, PrivateKeys, PublicKeys, spell

_HEAD = 5  # bytes before a frame's content: its kind and length
_PAGE_DIGEST = 32
_LONGEST_FIRST_LINE = 40

_Told = TypeVar("_Told", Header, Trailer)


class Reader:
    """A file that is open to be read, of which ``header`` is a claim until ``verify`` has been passed."""

    def __init__(self, file: BinaryIO, path: str, own: PrivateKeys) -> None:
        """
        Raises:
            NotCarried, CarriedOlder, CarriedNewer, CarriedForOther, CarriedCut, CarriedChanged.
        """
        self._file, self._path, self._own = file, path, own
        self._pages = bytearray()  # digests, so that the second reading is of what was verified
        self._start()
        kind, content = self._frame()
        if kind is not Kind.HEADER:
            raise self._changed("it has no header")
        self.header = self._read(content, Header)
        if self.header.recipient_key != own.public.fingerprint:
            raise self._for_other(self.header.recipient_key)
        self.digest = ""

    def verify(self, sender: PublicKeys) -> Trailer:
        """Read to the end, to see that all of it is as the sender signed it.

        Raises:
            CarriedCut, CarriedChanged, CarriedLonger.
        """
        pages = objects = 0
        while True:
            kind, content = self._frame()
            if kind is not Kind.PAGE:
                break
            page = self._page(content)
            pages, objects = pages + 1, objects + page.count
            if pages > MAX_PAGES:
                raise self._changed("it has more pages than any file may have")
            self._pages += hashlib.sha256(content).digest()
        if kind is not Kind.TRAILER:
            raise self._changed("it has no trailer")
        trailer = self._read(content, Trailer)
        if (trailer.pages, trailer.objects) != (pages, objects):
            raise self._changed("it holds another number of objects than it says")
        said = self._digest.digest()
        kind, content = self._frame()
        if kind is not Kind.SIGNATURE or len(content) != SIGNATURE:
            raise self._changed("it is not signed")
        if not sender.verifies(content, SIGNED_AS + said):
            raise self._changed("its signature does not hold")
        if self._file.read(1):
            raise CarriedLonger(path=self._path)
        self.digest = said[:_PAGE_DIGEST].hex()
        return trailer

    def pages(self, passed: int) -> Iterator[Page]:
        """What was verified, from the page with this number on, counted from 0.

        Raises:
            CarriedCut, CarriedChanged: the file is no longer what was verified.
        """
        self._start()
        self._frame()
        for number in range(len(self._pages) // _PAGE_DIGEST):
            kind, content = self._frame()
            found = hashlib.sha256(content).digest()
            if (
                kind is not Kind.PAGE
                or found != self._pages[number * _PAGE_DIGEST : (number + 1) * _PAGE_DIGEST]
            ):
                raise self._changed("it changed while it was read")
            if number >= passed:
                yield self._page(content)

    def _start(self) -> None:
        self._file.seek(0)
        line = self._file.read(len(MAGIC))
        if line != MAGIC:
            raise self._not_ours(line + self._file.read(_LONGEST_FIRST_LINE))
        mode = self._take(1)
        self._sealing: Sealing | None = None
        preface = MAGIC + mode
        if mode == Mode.SEALED.value:
            once, to = self._take(KEY), self._take(DIGEST)
            preface += once + to
            if to != self._own.public.digest:
                raise self._for_other(spell(to))
            try:
                self._sealing = Sealing(self._own.agree(once), preface)
            except ValueError:
                raise self._changed("the key that it is encrypted with is weak") from None
        elif mode != Mode.PLAIN.value:
            raise self._changed("its first line goes on wrongly")
        self._digest = hashlib.sha512(preface)

    def _not_ours(self, begin: bytes) -> Exception:
        version, ends, _ = begin.removeprefix(BEGIN).partition(b"\n")
        if not begin.startswith(BEGIN) or not ends or not version.isdigit():
            return NotCarried(path=self._path)
        kind = CarriedNewer if int(version) > VERSION else CarriedOlder
        return kind(path=self._path, version=int(version), known=VERSION)

    def _frame(self) -> tuple[Kind, bytes]:
        if self._sealing is None:
            plain = self._wire(MAX_FRAME)
        else:
            outer = self._wire(MAX_FRAME + _HEAD + TAG)
            if outer[:1] != Kind.SEALED.value:
                raise self._changed("a part of it is not encrypted")
            try:
                plain = self._sealing.open(outer[_HEAD:])
            except InvalidTag:
                raise self._changed("a part of it cannot be decrypted") from None
            if len(plain) < _HEAD or int.from_bytes(plain[1:_HEAD], "big") != len(plain) - _HEAD:
                raise self._changed("a part of it has the wrong length")
        self._digest.update(plain)
        try:
            kind = Kind(plain[:1])
        except ValueError:
            raise self._changed("it has a part of an unknown kind") from None
        return kind, plain[_HEAD:]

    def _wire(self, most: int) -> bytes:
        head = self._take(_HEAD)
        size = int.from_bytes(head[1:], "big")
        if size > most:
            raise self._changed("a part of it is longer than any may be")
        return head + self._take(size)

    def _take(self, size: int) -> bytes:
        try:
            found = self._file.read(size)
        except OSError:  # the medium is broken, or was pulled out
            raise CarriedCut(path=self._path) from None
        if len(found) < size:
            raise CarriedCut(path=self._path)
        return found

    def _page(self, content: bytes) -> Page:
        page = Page.unpack(content)
        if page is None or page.count > MAX_OBJECTS:
            raise self._changed("a page of it has the wrong size")
        if page.section >= len(self.header.collections):
            raise self._changed("a page of it is of no collection that it names")
        return page

    def _read(self, content: bytes, kind: type[_Told]) -> _Told:
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._changed("what it says of itself cannot be read") from None

    def _changed(self, problem: str) -> CarriedChanged:
        return CarriedChanged(path=self._path, problem=problem)

    def _for_other(self, wanted: str) -> CarriedForOther:
        return CarriedForOther(path=self._path, wanted=wanted, own=self._own.public.fingerprint)
