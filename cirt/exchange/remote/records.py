"""Entries of a manifest, as peers write them."""

from typing import Any, NamedTuple

import msgspec

_MAX_VALUE = 1000  # bytes
_NULL = msgspec.Raw(b"null")


class _Raw(msgspec.Struct):
    """Whatever else stands in an entry is passed over and takes no memory."""

    id: msgspec.Raw = _NULL
    version: msgspec.Raw = _NULL
    date_added: msgspec.Raw = _NULL


_decoder = msgspec.json.Decoder(_Raw)


class Record(NamedTuple):
    """Of any JSON type; None where there is nothing sensible."""

    id: Any
    version: Any
    date_added: Any


def record_of(piece: bytes) -> Record:
    """
    Raises:
        msgspec.DecodeError, RecursionError: it is no JSON.
    """
    try:
        said = _decoder.decode(piece)
    except msgspec.ValidationError:  # a number, a list
        said = _Raw()
    return Record(_read(said.id), _read(said.version), _read(said.date_added))


def _read(value: msgspec.Raw) -> Any:
    text = bytes(value)
    return msgspec.json.decode(text) if len(text) <= _MAX_VALUE else None
