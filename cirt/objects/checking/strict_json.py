"""JSON without its loopholes: no duplicate keys, no null, no U+0000, bounded depth, integers and values."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from cirt.objects.checking.faults import place
from cirt.objects.checking.refusal import Refused, short
from cirt.objects.checking.schemas import MAX_INTEGER

MAX_OBJECT = 5_000_000
MAX_DEPTH = 100
MAX_VALUES = 100_000  # read, a small one takes twenty times its bytes; no real object has 10,000
_SAFE_DIGITS = len(str(MAX_INTEGER))
# A text without an end is one, too: else each quotation mark in it would be tried as the beginning of another.
_TEXT_OR_COMMA = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|,', re.DOTALL)


def load_object(raw: bytes) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        Refused: it is no JSON object, or one that two readers could understand differently.
    """
    if len(raw) > MAX_OBJECT:
        raise Refused("too-large", size=len(raw), limit=MAX_OBJECT)
    if raw.count(b",") >= MAX_VALUES and _count_values(raw) > MAX_VALUES:
        raise Refused("too-many-values", limit=MAX_VALUES)
    try:
        obj = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        code = "too-deep" if "depth limit" in error.msg else "not-json"
        raise Refused(code, problem=error.msg, limit=MAX_DEPTH) from None
    if not isinstance(obj, dict):
        raise Refused("not-an-object")
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(obj)
    if not _is_plain(raw, obj):
        _STRICT.decode(raw.decode())
    if b"null" in raw:
        _refuse(obj, "null-value", lambda value: value is None)
    if b"\\" in raw and b"\\u0000" in raw:
        _refuse(obj, "nul-character", lambda value: isinstance(value, str) and "\0" in value)
    return obj


def _count_values(raw: bytes) -> int:
    """Those of all lists and objects in it: a comma stands between two of them, where it is not in a text."""
    return 1 + sum(found.group() == b"," for found in _TEXT_OR_COMMA.finditer(raw))


def _is_plain(raw: bytes, obj: dict[str, Any]) -> bool:
    """Whether nothing can be wrong with keys, nulls and numbers; False says only that it must be looked at.

    Without escaped quotes the text has two quotes for each string. If the object that was read accounts for
    all of them, then no member has been overwritten by another of its name.
    """
    if b"\\" in raw and b'\\"' in raw:
        return False
    strings = 0
    waiting: list[Any] = [obj]
    for value in waiting:
        kind = type(value)
        if kind is str:
            strings += 1
        elif kind is dict:
            strings += len(value)
            waiting.extend(value.values())
        elif kind is list:
            waiting.extend(value)
        elif value is None or abs(value) > MAX_INTEGER:  # beyond 64 bits it is a float by now
            return False
    return raw.count(b'"') == 2 * strings


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise Refused("too-deep", limit=MAX_DEPTH)


def _refuse(obj: dict[str, Any], code: str, is_wrong: Callable[[object], bool]) -> None:
    """Names the place of the first such key or value; the bytes alone do not tell whether there is one."""
    steps: list[str | int] = []
    waiting = [_members(obj)]
    while waiting:
        for step, value in waiting[-1]:
            if is_wrong(value) or is_wrong(step):
                path = place(obj, (*steps, step))
                raise Refused(code, path=path.replace("\0", "\\u0000"))
            if isinstance(value, dict | list):
                steps.append(step)
                waiting.append(_members(value))
                break
        else:
            waiting.pop()
            if steps:
                steps.pop()


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    return iter(value.items() if isinstance(value, dict) else enumerate(value))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    obj = dict(pairs)
    if len(obj) != len(pairs):
        keys = [key for key, _ in pairs]
        raise Refused("duplicate-key", key=short(next(key for key in keys if keys.count(key) > 1)))
    return obj


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _SAFE_DIGITS or abs(number := int(text)) > MAX_INTEGER:
        raise Refused("number-too-large", number=short(text))
    return number


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, strict=True)
