"""Cuts a TAXII envelope, a bundle or a JSON list into the exact bytes of each object, and puts a bundle together."""

import re
from collections.abc import Iterable
from uuid import UUID

import msgspec

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

MAX_BODY_DEPTH = 10_000
_LONGEST_NAME = 250  # of a member of a body, as of a property (STIX 2.1, section 3.1)
_SHOWN = 80  # of a name, where it is told what is wrong with it
_SPACE = b" \t\n\r"
_KEY = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL
)  # possessive: nothing is kept to go back to
_MEMBER = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_DEEPER = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_ENVELOPE_KEYS = frozenset({"more", "next", "objects"})

_list_of_raw = msgspec.json.Decoder(list[msgspec.Raw])
_dict_of_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NotJson(Invalid):
    code = "not-json"
    message = mark("The body is not JSON: {problem}.")


class NotEnvelope(Invalid):
    code = "not-envelope"
    message = mark("The body is JSON, but {problem}. Send a TAXII envelope with its objects.")


class TooDeep(Invalid):
    code = "too-deep"
    message = mark("The body is nested deeper than {limit} levels.")


def split(body: bytes) -> list[bytes]:
    """The objects of an envelope, a bundle, a list, or the one object that the body is.

    The bytes are exactly those received, without the spaces around. An object that is broken in
    itself (nested too deep, a lone surrogate, NaN) is cut out all the same, so that it alone is
    refused when it is read.

    Raises:
        NotJson: the body cannot be cut.
        NotEnvelope: it is JSON of another shape, or names a member twice.
        TooDeep: something in it is nested beyond all sense.
    """
    body = body.strip(_SPACE)
    if body.startswith(b"["):
        return _elements(body)
    if not body.startswith(b"{"):
        raise NotJson(problem="it begins with neither { nor [")
    members = members_of(body)
    if "type" in members and members["type"] != b'"bundle"':
        return [body]
    if members.keys() - _ENVELOPE_KEYS and not members.keys() & {"objects", "type"}:
        raise NotEnvelope(problem="it has neither objects nor a type")
    objects = members.get("objects", b"[]")
    if not objects.startswith(b"["):
        raise NotEnvelope(problem="its objects are not a list")
    return _elements(objects)


def _elements(text: bytes) -> list[bytes]:
    try:
        return [bytes(raw) for raw in _list_of_raw.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _cut(text, b"]")


def has_more_than(text: bytes, limit: int) -> bool:
    """Whether there are more members in a body, or more elements in one of its lists, than ``limit``.

    Counted without keeping any, for each would take more memory than its bytes.
    """
    depth, counts = 0, [0, 0, 0]
    for match in _MARK.finditer(text):
        sign = match.group()
        if sign == b",":
            if depth < len(counts):
                counts[depth] += 1
                if counts[depth] >= limit:
                    return True
        elif sign == b'"':
            return False  # a text without an end: whoever reads it says so
        else:
            depth += _DEEPER.get(sign, 0)
    return False


def members_of(text: bytes) -> dict[str, bytes]:
    """The members of the JSON object that a body is, each as its exact bytes.

    Raises:
        NotJson, NotEnvelope, TooDeep.
    """
    try:
        members = {key: bytes(raw) for key, raw in _dict_of_raw.decode(text).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _members_of_broken(text)
    if any(len(name) > _LONGEST_NAME for name in members):
        raise NotEnvelope(problem=f"a member has a name of more than {_LONGEST_NAME} characters")
    _check_single_keys(text, members)
    return members


def _check_single_keys(text: bytes, members: dict[str, bytes]) -> None:
    """A decoder keeps the last of two members; then the text does not read as the members say."""
    waiting = dict(members)
    position = _after_spaces(text, 1)
    while key := _KEY.match(text, position):
        value = waiting.pop(msgspec.json.decode(key.group(), type=str), None)
        position = _after_spaces(text, key.end()) + 1  # the colon
        position = _after_spaces(text, position)
        if value is None or not text.startswith(value, position):
            name = key.group()[:_SHOWN].decode(errors="replace")
            raise NotEnvelope(problem=f"the member {name} stands in it twice")
        position = _after_spaces(text, position + len(value))
        if not text.startswith(b",", position):
            break
        position = _after_spaces(text, position + 1)
    if waiting or position != len(text) - 1:
        raise NotEnvelope(problem="a member stands in it twice")


def _after_spaces(text: bytes, position: int) -> int:
    while text[position] in _SPACE:
        position += 1
    return position


def _members_of_broken(text: bytes) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    for piece in _cut(text, b"}"):
        match = _MEMBER.match(piece)
        if match is None:
            raise NotJson(problem="a member of the body has no name")
        try:
            key = msgspec.json.decode(match[1], type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NotJson(problem="the name of a member is not text") from None
        if key in members:
            raise NotEnvelope(problem=f"the member “{key[:_SHOWN]}” stands in it twice")
        members[key] = piece[match.end() :]
    return members


def _cut(text: bytes, close: bytes) -> list[bytes]:
    """The pieces between the commas of the outermost list or object, without understanding them."""
    pieces: list[bytes] = []
    depth, start = 0, 1
    for match in _MARK.finditer(text):
        sign = match.group()
        depth += _DEEPER.get(sign, 0)
        if depth == 0:
            break
        if depth > MAX_BODY_DEPTH:
            raise TooDeep(limit=MAX_BODY_DEPTH)
        if sign == b'"':
            raise NotJson(problem=f"the text that begins at byte {match.start()} has no end")
        if sign == b"," and depth == 1:
            pieces.append(text[start : match.start()].strip(_SPACE))
            start = match.end()
    else:
        raise NotJson(problem="it breaks off before its end")
    if sign != close or match.end() != len(text):
        raise NotJson(problem=f"something else follows at byte {match.start()}")
    last = text[start : match.start()].strip(_SPACE)
    if pieces or last:
        pieces.append(last)
    if not all(pieces):
        raise NotJson(problem="a comma in it has nothing beside it")
    return pieces


def bundle(name: UUID, bodies: Iterable[bytes]) -> bytes:
    """A STIX 2.1 bundle (section 8) of the exact bytes of objects."""
    objects = b",".join(bodies)
    return b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (str(name).encode(), objects)
