"""What a peer sends in answers as large as we take: few of its bytes, or small ones, that would cost us many."""

import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

from cirt.exchange.runs import Caps
from cirt.objects.checking.strict_json import MAX_OBJECT, MAX_VALUES
from tests.support.hostile import Asked, Handler, Mode, first_then, status_code
from tests.support.scripted import Scripted
from tests.support.store import indicator

MIB = 1 << 20
_WHOLE = Caps().request.max_bytes - MIB  # nearly as much as an answer may have
_OBJECT = MAX_OBJECT - 100_000  # one that is just taken
_VALUES = MAX_VALUES - 1000  # in an object that is just taken
_DATE = "2026-01-01T00:00:00.000Z"
_SMALL = b'{"a":1}'
_WIDE = "\N{GRINNING FACE}".encode()

Body = Callable[[], bytes]


def _some(piece: bytes, size: int) -> bytes:
    """A list of as many as there is room for."""
    return b"[" + b",".join([piece] * (size // (len(piece) + 1))) + b"]"


def _deep(levels: int, inner: bytes) -> bytes:
    return b"[" * levels + inner + b"]" * levels


def _numbered(written: bytes, size: int) -> bytes:
    """As many as there is room for, each with its number."""
    count = size // (len(written % 10**6) + 1)
    return b",".join(written % (10**6 + n) for n in range(count))


def _with(value: bytes, number: int = 50, name: str = "x_odd") -> bytes:
    """A good object with one member more."""
    content = {each: said for each, said in indicator(number).content().items() if each != name}
    return json.dumps(content).encode()[:-1] + b',"' + name.encode() + b'":' + value + b"}"


def _envelope(pieces: Iterable[bytes]) -> bytes:
    return b'{"objects":[' + b",".join(pieces) + b"]}"


def _says(body: Body, status: int = 200, **headers: str) -> Mode:
    """Made when it is asked for, so that one at a time is in memory."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(handler: Handler, _asked: Asked) -> None:
        try:
            handler._raw(status, body(), **said)
        except OSError:
            return

    return act


def _object(value: Callable[[], bytes], **counts: int) -> Scripted:
    return _objects(lambda: [_with(value())], **(counts or {"refused": 1}))


def _three(value: Callable[[], bytes]) -> Scripted:
    """As many large objects as one answer holds."""
    return _objects(lambda: [_with(value(), number) for number in range(50, 53)], taken=3)


def _filled(value: bytes) -> Scripted:
    """As many objects of as many small values as one answer holds."""
    piece = b"[" + b",".join([value] * _VALUES) + b"]"
    many = _WHOLE // (len(piece) + 1000)
    return _objects(lambda: [_with(piece, number) for number in range(50, 50 + many)], taken=many)


def _pattern(text: Callable[[], str]) -> Scripted:
    return _object_of(lambda: {"pattern": text()}, refused=1)


def _object_of(more: Callable[[], dict[str, Any]], **counts: int) -> Scripted:
    return _objects(lambda: [json.dumps({**indicator(50).content(), **more()}).encode()], **counts)


def _objects(
    pieces: Callable[[], Iterable[bytes]], taken: int = 0, held: int = 0, refused: int = 0
) -> Scripted:
    act = _says(lambda: _envelope(pieces()))
    return Scripted("objects", act, None, taken, held, refused)


def _ends(body: Body, code: str, at: str = "objects") -> Scripted:
    is_page = at == "objects"
    return Scripted(at, first_then(_says(body)) if is_page else _says(body), code, 2 * is_page)


def _report() -> bytes:
    refs = _numbered(b'"indicator--0%d-0000-4000-8000-000000000000"', _OBJECT - 1000)
    head = {
        "type": "report",
        "spec_version": "2.1",
        "id": "report--00000000-0000-4000-8000-000000000050",
        "created": _DATE,
        "modified": _DATE,
        "published": _DATE,
        "name": "Everything",
    }
    return json.dumps(head).encode()[:-1] + b',"object_refs":[' + refs + b"]}"


def _large_pages(handler: Handler, asked: Asked) -> None:
    """Four pages, each with one object that is far too large."""
    number = int(asked.get("next", "0"))
    members: dict[str, Any] = {"more": number < 3, "next": str(number + 1)}
    body = json.dumps(members).encode()[:-1] + b',"objects":[%b]}'
    large = _with(b'"%b"' % (b"%d" % number * (_WHOLE - MIB)), 60 + number)
    try:
        handler._raw(200, body % large)
    except OSError:
        return


BULK: dict[str, Scripted] = {
    # One object as large as an answer: refused, kept, and looked at for its markings
    "small objects": _object(lambda: _some(_SMALL, _WHOLE)),
    "small objects, packed": Scripted(
        "objects",
        _says(
            lambda: gzip.compress(_envelope([_with(_some(_SMALL, _WHOLE))]), 1),
            Content_Encoding="gzip",
        ),
        None,
        taken=0,
        refused=1,
    ),
    "many lists in lists": _object(lambda: _deep(900, _some(_deep(10, b""), _WHOLE)[1:-1])),
    "as deep as can be cut": _object(lambda: _deep(9_000, _some(b"0", _WHOLE)[1:-1])),
    "deeper than that": _ends(lambda: _envelope([_with(_deep(_WHOLE // 2, b""))]), "answer-wrong"),
    "empty lists": _object(lambda: _some(b"[]", _WHOLE)),
    "numbers": _object(lambda: _some(b"10", _WHOLE)),
    "a long text": _object(lambda: b'"%b"' % (b"a" * _WHOLE)),
    "a long text with a wide character": _object(lambda: b'"%b%b"' % (_WIDE, b"a" * _WHOLE)),
    "a long text of escapes": _object(lambda: b'"%b"' % (b"\\u006d" * (_WHOLE // 6))),
    "a long text of escapes, broken": _object(lambda: b'"%b\\ud800"' % (b"\\n" * (_WHOLE // 2))),
    "many names": _object(lambda: b"{%b}" % _numbered(b'"a%d":0', _WHOLE)),
    "many markings": _object(
        lambda: (
            b'{"object_marking_refs":[%b]}'
            % _numbered(b'"marking-definition--0%d-0000-4000-8000-000000000000"', _WHOLE)
        )
    ),
    # Large objects that are just small enough
    "more values than are taken": _object(lambda: _some(_SMALL, _OBJECT)),
    "filled with small objects": _filled(_SMALL),
    "filled with empty lists": _filled(b"[]"),
    "filled with names": _objects(
        lambda: [
            _with(b"{%b}" % _numbered(b'"a%d":0', 11 * _VALUES), number) for number in range(50, 60)
        ],
        taken=10,
    ),
    "large texts": _three(lambda: b'"%b"' % (b"a" * _OBJECT)),
    "large ones with many markings": _objects(
        lambda: [
            _with(
                b"[%b]"
                % _numbered(b'"marking-definition--0%d-0000-4000-8000-000000000000"', _OBJECT),
                number,
                "object_marking_refs",
            )
            for number in range(50, 53)
        ],
        held=3,
    ),
    "a pattern of many ways": _pattern(
        lambda: "[" + " OR ".join(["a:b = 1"] * (_OBJECT // 11)) + "]"
    ),
    "a pattern in brackets": _pattern(lambda: f"[{'(' * _OBJECT}a:b = 1]"),
    "a pattern of one long word": _pattern(lambda: f"[a:b = '{'a' * _OBJECT}']"),
    "many labels": _object_of(lambda: {"labels": ["ab"] * (_VALUES - 100)}, taken=1),
    "many granular markings": _object_of(
        lambda: {"granular_markings": [{"lang": "en", "selectors": ["name"]}] * (_VALUES // 3)},
        taken=1,
    ),
    "many selectors": _object_of(
        lambda: {
            "labels": ["a"] * (_VALUES // 3),
            "granular_markings": [
                {"lang": "en", "selectors": [f"labels.[{n}]" for n in range(_VALUES // 3)]}
            ],
        },
        taken=1,
    ),
    "a long name": _object_of(lambda: {"name": "a" * _OBJECT}, taken=1),
    "a long id": _object_of(lambda: {"id": f"indicator--{'9' * _OBJECT}"}, refused=1),
    "a long date": _object_of(lambda: {"modified": "9" * _OBJECT}, refused=1),
    "a report of everything": _objects(lambda: [_report()], taken=1),
    # Many objects
    "many that are refused": _objects(
        lambda: [b'{"type":"x","a":"%d%b"}' % (n, b"a" * 120) for n in range(99_000)],
        refused=99_000,
    ),
    "many that are nothing": _objects(lambda: [b"0"] * 99_000, refused=99_000),
    "many that are deep": _objects(lambda: [_deep(150, b"")] * 50_000, refused=50_000),
    "many that are good": _objects(
        lambda: [indicator(n).raw for n in range(100, 30_100)], taken=30_000
    ),
    "one page after the other": Scripted("objects", _large_pages, None, taken=0, refused=4),
    # What stands beside the objects
    "small things beside": _ends(lambda: b'{"x":%b}' % _some(b"{}", _WHOLE), "page-too-long"),
    "small things further down": Scripted(
        "objects", _says(lambda: b'{"x":[[%b]]}' % _some(b"{}", 2 * MIB - 100)), taken=0
    ),
    "small things further down, many": _ends(
        lambda: b'{"x":[[%b]]}' % _some(b"{}", _WHOLE), "document-too-large"
    ),
    "a long token": _ends(
        lambda: b'{"more":true,"next":"%b"}' % (b"a" * _WHOLE), "document-too-large"
    ),
    "a long member": _ends(lambda: b'{"%b":0}' % (b"a" * _WHOLE), "answer-wrong"),
    "a long member twice": _ends(
        lambda: b'{"%b":0,"%b":1}' % (b"a" * (_WHOLE // 2), b"a" * (_WHOLE // 2)), "answer-wrong"
    ),
    "a long member of escapes, broken": _ends(
        lambda: b'{"%b":NaN}' % (b"\\n" * (_WHOLE // 2)), "not-json"
    ),
    "a text without end": _ends(
        lambda: b'{"objects":[{"a":"%b' % (b"\\n" * (_WHOLE // 2)), "not-json"
    ),
    "blanks": _ends(lambda: b" " * _WHOLE, "not-json"),
    "blanks within": Scripted("objects", _says(lambda: b"{%b}" % (b" " * _WHOLE)), taken=0),
    # Other answers
    "a long refusal": Scripted(
        "objects",
        first_then(_says(lambda: b'{"title":%b}' % _some(b"{}", _WHOLE), 403)),
        "forbidden",
        2,
    ),
    "a long failure": Scripted(
        "objects",
        first_then(_says(lambda: b'{"title":%b}' % _some(b"{}", _WHOLE), 500)),
        "peer-failed",
        2,
    ),
    "a long redirect": Scripted(
        "objects", first_then(status_code(302, Location="a" * 60_000)), "redirected", 2
    ),
    "small things for roots": _ends(
        lambda: b'{"api_roots":%b}' % _some(b"{}", _WHOLE), "page-too-long", "discovery"
    ),
    "deep things for collections": _ends(
        lambda: b'{"collections":%b}' % _deep(900, _some(b"{}", _WHOLE)),
        "document-too-large",
        "collections",
    ),
}
