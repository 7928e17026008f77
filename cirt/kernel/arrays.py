"""Lists as PostgreSQL takes them in binary: psycopg makes them item by item, which costs as much as the insert."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from psycopg.abc import Buffer
from psycopg.types.array import ListBinaryDumper

_HEAD = struct.Struct("!iiIii")  # dimensions, any NULL, type of the items; length, first index
_LENGTH = struct.Struct("!i").pack


class FlatListDumper(ListBinaryDumper):
    """Flat lists of numbers, truths, texts or bytes without None are made at once; all others as ever."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        make = _MAKERS.get(type(obj[0])) if obj else None
        if make is None or self.sub_dumper is None:
            return super().dump(obj)
        try:
            items = make(obj, self.sub_dumper.oid)
        except (struct.error, AttributeError, KeyError, TypeError):
            return super().dump(obj)  # a None, another kind among them, or too large a number
        oid = self.sub_dumper.oid or _TEXT
        return _HEAD.pack(1, 0, oid, len(obj), 1) + items


_TEXT = 25
_WHOLE = {21: "h", 23: "i", 20: "q"}  # types of whole numbers, by their width


def _numbers(values: Sequence[int], oid: int) -> bytes:
    code = _WHOLE[oid]
    cells = [struct.calcsize(f"!{code}")] * (2 * len(values))
    cells[1::2] = values
    return struct.pack("!" + f"i{code}" * len(values), *cells)


def _truths(values: Sequence[bool], _oid: int) -> bytes:
    if not all(type(value) is bool for value in values):
        raise TypeError
    return b"".join(_TRUE if value else _FALSE for value in values)


_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"


def _texts(values: Sequence[str], _oid: int) -> bytes:
    return _pieces([value.encode() for value in values], _oid)


def _pieces(values: Sequence[bytes], _oid: int) -> bytes:
    parts: list[bytes] = [b""] * (2 * len(values))
    parts[::2] = map(_LENGTH, map(len, values))
    parts[1::2] = values
    return b"".join(parts)


_MAKERS: dict[type, Callable[[Any, int], bytes]] = {
    int: _numbers,
    bool: _truths,
    str: _texts,
    bytes: _pieces,
}
