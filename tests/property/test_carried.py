"""A carried file is taken as it was signed, or not at all: whatever is changed, cut or added, wherever."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    MAGIC,
    Header,
    Kind,
    Mode,
    Page,
    Section,
    Trailer,
    frame,
)
from cirt.exchange.carrying.reading import Reader
from cirt.exchange.carrying.writing import Writer
from cirt.kernel.errors import Invalid
from cirt.kernel.exchange_keys import ExchangeKeyWrong, PrivateKeys, PublicKeys

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
A, B, C = PrivateKeys.make(), PrivateKeys.make(), PrivateKeys.make()
PAGES = [Page(0, 2, b'{"objects":[{"a":1},{"b":2}]}'), Page(1, 1, b'{"objects":[{"c":3}]}')]


def written(
    pages: list[Page] = PAGES,
    *,
    by: PrivateKeys = A,
    claims: PublicKeys | None = None,
    to: PublicKeys = B.public,
    is_sealed: bool = True,
) -> bytes:
    out = io.BytesIO()
    writer = Writer(out, by, to, is_sealed=is_sealed)
    sections = [Section("1", "one", None), Section("2", "two", AT)]
    key = (claims or by.public).fingerprint
    writer.begin(Header("identity--a", key, to.fingerprint, 7, 6, AT, 3, sections))
    for page in pages:
        writer.add(page)
    writer.end([AT, None])
    return out.getvalue()


def taken(raw: bytes, own: PrivateKeys = B, sender: PublicKeys = A.public) -> list[Page]:
    reader = Reader(io.BytesIO(raw), "the file", own)
    reader.verify(sender)
    return list(reader.pages(0))


def cut(raw: bytes, at: int, more: bytes) -> bytes:
    return raw[:at]


def flipped(raw: bytes, at: int, more: bytes) -> bytes:
    return raw[:at] + bytes([raw[at] ^ (more[0] or 1)]) + raw[at + 1 :]


def inserted(raw: bytes, at: int, more: bytes) -> bytes:
    return raw[:at] + more + raw[at:]


def dropped(raw: bytes, at: int, more: bytes) -> bytes:
    return raw[:at] + raw[at + 1 :]


def lengthened(raw: bytes, at: int, more: bytes) -> bytes:
    return raw + more


FILES = {is_sealed: written(is_sealed=is_sealed) for is_sealed in (True, False)}


@pytest.mark.parametrize("is_sealed", [True, False])
def test_what_is_written_is_read(*, is_sealed: bool) -> None:
    reader = Reader(io.BytesIO(FILES[is_sealed]), "the file", B)
    reader.verify(A.public)

    assert list(reader.pages(0)) == PAGES
    assert list(reader.pages(1)) == PAGES[1:]
    assert (reader.header.number, reader.header.follows, reader.header.taken) == (7, 6, 3)


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize("change", [cut, flipped, inserted, dropped, lengthened])
@settings(max_examples=100)
@given(data=st.data())
def test_a_file_that_was_changed_anywhere_is_not_taken(
    change: Callable[[bytes, int, bytes], bytes], data: st.DataObject, *, is_sealed: bool
) -> None:
    raw = FILES[is_sealed]
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = change(raw, at, data.draw(st.binary(min_size=1, max_size=20)))
    if changed == raw:
        return

    with pytest.raises(Invalid) as refused:
        taken(changed)

    assert str(refused.value).startswith("the file ")


@pytest.mark.parametrize("is_sealed", [True, False])
def test_no_byte_can_be_flipped(*, is_sealed: bool) -> None:
    raw = FILES[is_sealed]
    for at in range(len(raw)):
        with pytest.raises(Invalid):
            taken(flipped(raw, at, b"\x01"))


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", NotCarried),
        (b'{"type":"bundle"}', NotCarried),
        (b"CIRT carried file 0\nP", CarriedOlder),
        (b"CIRT carried file 23\nP", CarriedNewer),
        (MAGIC, CarriedCut),
        (MAGIC + b"X", CarriedChanged),
        (FILES[True][:-1], CarriedCut),
        (FILES[True] + b"\n", CarriedLonger),
        (MAGIC + Mode.PLAIN.value + b"H\xff\xff\xff\xff", CarriedChanged),
        (MAGIC + Mode.PLAIN.value + frame(Kind.HEADER, b"[" * 100_000), CarriedChanged),
        (MAGIC + Mode.PLAIN.value + frame(Kind.TRAILER, b"{}"), CarriedChanged),
    ],
)
def test_each_fault_has_its_own_sentence(raw: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        taken(raw)


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_file_of_another_or_for_another_is_not_taken(*, is_sealed: bool) -> None:
    raw = FILES[is_sealed]
    with pytest.raises(CarriedForOther):
        taken(raw, own=C)
    with pytest.raises(CarriedChanged, match="signature"):
        taken(written(by=C, claims=A.public, is_sealed=is_sealed))


def test_frames_of_one_file_do_not_fit_another() -> None:
    one, two = (written(is_sealed=True) for _ in range(2))
    head = len(MAGIC) + 1 + 32 + 20

    with pytest.raises(CarriedChanged, match="decrypted"):
        taken(one[:head] + two[head:])


def test_a_file_without_a_signature_is_not_taken() -> None:
    raw = FILES[False]
    bare = raw[: -(5 + 64)]

    for end in (b"", frame(Kind.SIGNATURE, b""), frame(Kind.SIGNATURE, bytes(64))):
        with pytest.raises((CarriedCut, CarriedChanged)):
            taken(bare + end)


def test_a_file_that_changes_between_its_two_readings_is_noticed() -> None:
    file = io.BytesIO(FILES[False])
    reader = Reader(file, "the file", B)
    reader.verify(A.public)
    file.getbuffer()[FILES[False].index(b'{"c":3}') + 1] ^= 1

    pages = reader.pages(0)
    assert next(pages) == PAGES[0]
    with pytest.raises(CarriedChanged):
        next(pages)


def test_a_page_is_of_a_collection_that_is_named_and_no_longer_than_may_be() -> None:
    for page in (Page(2, 1, b"{}"), Page(0, 1001, b"{}")):
        with pytest.raises(CarriedChanged):
            taken(written([page]))
    with pytest.raises(ValueError, match="longer"):
        written([Page(0, 1, bytes(9 * 1024 * 1024))])
    assert Trailer(1, 2, []).pages == 1


@given(st.text(max_size=200))
def test_a_text_that_is_no_key_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ExchangeKeyWrong):
        PublicKeys.parse(text)


def test_keys_that_prove_nothing_are_refused() -> None:
    good = A.public
    assert PublicKeys.parse(f" {good.text}\n") == good
    order_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    one, minus = b"\x01" + bytes(31), bytes.fromhex("ec" + "ff" * 30 + "7f")
    for signing in (bytes(32), one, minus, order_8, order_8[:31] + b"\x85"):
        with pytest.raises(ExchangeKeyWrong, match="weak"):
            PublicKeys.parse(PublicKeys(signing, good.sealing).text)
    for sealing in (bytes(32), one):
        with pytest.raises(ExchangeKeyWrong, match="weak"):
            PublicKeys.parse(PublicKeys(good.signing, sealing).text)
