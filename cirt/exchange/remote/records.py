"""Entries of a manifest, as peers write them."""

from typing import NamedTuple

import msgspec

from cirt.exchange.remote.answers import plain

_LONGEST = 1000  # bytes of one value; no real one comes near
_LONGEST_ID, _LONGEST_VERSION = 300, 40
_NULL = msgspec.Raw(b"null")


class _Raw(msgspec.Struct):
    """What else stands in an entry, however much that is, is not built."""

    id: msgspec.Raw = _NULL
    version: msgspec.Raw = _NULL
    date_added: msgspec.Raw = _NULL


class Record(NamedTuple):
    """``version`` is empty, ``date_added`` None, where there is nothing sensible."""

    id: str
    version: str
    date_added: str | None


_decoder = msgspec.json.Decoder(_Raw)


def read_record(piece: bytes) -> Record | None:
    """None of what names no object.

    Raises:
        msgspec.DecodeError, RecursionError: it is no JSON.
    """
    if not piece.startswith(b"{"):
        return None
    raw = _decoder.decode(piece)
    stix_id, version = _text(raw.id), plain(_text(raw.version), _LONGEST_VERSION)
    return Record(stix_id[:_LONGEST_ID], version, _text(raw.date_added)) if stix_id else None


def _text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    is_text = text.startswith(b'"') and len(text) <= _LONGEST
    return msgspec.json.decode(text, type=str) if is_text else None
