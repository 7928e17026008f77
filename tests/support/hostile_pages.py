"""What a peer does wrong or oddly in its pages, and in what it says of our asking."""

import json
from typing import Any

from tests.support.hostile import (
    COLLECTION,
    DATE,
    MEDIA,
    Asked,
    Handler,
    Mode,
    body_of,
    dates,
    first_then,
    good,
    page,
    position,
    spoiled,
    status_code,
)
from tests.support.scripted import Scripted
from tests.support.store import indicator

_LAST = "X-TAXII-Date-Added-Last"


def _page_with(**members: Any) -> Mode:
    """Good pages in which members are replaced; with None they are left out."""

    def act(handler: Handler, asked: Asked) -> None:
        envelope, said = page(handler, asked)
        envelope |= members
        kept = {name: value for name, value in envelope.items() if value is not None}
        handler._json(kept, headers=said)

    return act


def _token(make: Any) -> Mode:
    """Good pages whose token is made by ``make`` from the position."""

    def act(handler: Handler, asked: Asked) -> None:
        if "next" in asked:
            asked = asked | {"next": asked["next"].split()[0].rpartition("-")[2]}
        envelope, said = page(handler, asked)
        if "next" in envelope:
            envelope["next"] = make(envelope["next"])
        handler._json(envelope, headers=said)

    return act


def _dated(*last: str) -> Mode:
    """Good pages with a token and these dates, one after the other."""

    def act(handler: Handler, asked: Asked) -> None:
        envelope, _ = page(handler, {"next": asked.get("next", "0")})
        at = last[position({"next": asked.get("next", "0")}) // 2 % len(last)]
        handler._json(envelope, headers={_LAST: at})

    return act


def _with_headers(**said: str) -> Mode:
    named = {name.replace("_", "-"): value for name, value in said.items()}

    def act(handler: Handler, asked: Asked) -> None:
        envelope, by_date = page(handler, asked)
        handler._json(envelope, headers={**by_date, **named})

    return act


def _once(trouble: Mode) -> Mode:
    def act(handler: Handler, asked: Asked) -> None:
        tries = sum("/objects/" in path for path in handler.peer.requests)
        (trouble if tries == 2 else good)(handler, asked)

    return act


def _circle(handler: Handler, asked: Asked) -> None:
    start = {"a": 2, "b": 0}.get(asked.get("next", "b"), 0)
    token = "b" if asked.get("next") == "a" else "a"
    envelope = {"more": True, "next": token, "objects": handler.peer.objects(start, start + 2)}
    handler._json(envelope, headers=dates(0, 2))


def _never_done(handler: Handler, asked: Asked) -> None:
    """The last page says that more follows, and what follows is empty."""
    envelope, said = page(handler, asked)
    handler._json({**envelope, "more": True, "next": str(position(asked) + 2)}, headers=said)


def _token_at_the_end(handler: Handler, asked: Asked) -> None:
    """A token though nothing follows: ``more`` says so (OpenCTI)."""
    envelope, said = page(handler, asked)
    handler._json({"next": "0", **envelope}, headers=said)


def _with_gaps(handler: Handler, asked: Asked) -> None:
    """Three empty pages before each page of objects."""
    at, _, gap = asked.get("next", "0-0").partition("-")
    if int(gap) < 3:
        handler._json({"more": True, "next": f"{at}-{int(gap) + 1}"})
        return
    envelope, said = page(handler, {"next": at})
    if "next" in envelope:
        envelope["next"] += "-0"
    handler._json(envelope, headers=said)


def _one_each(handler: Handler, asked: Asked) -> None:
    start = position(asked)
    more = start + 1 < handler.peer.count
    envelope = {
        "more": more,
        "next": str(start + 1),
        "objects": handler.peer.objects(start, start + 1),
    }
    handler._json(envelope, headers=dates(start, start + 1))


def _all_at_once(handler: Handler, asked: Asked) -> None:
    handler._json({"objects": handler.peer.objects(0, 6)}, headers=dates(0, 6))


def _growing(handler: Handler, asked: Asked) -> None:
    start = position(asked)
    stop = min(start + 1 + start, handler.peer.count)
    envelope = {"more": stop < handler.peer.count, "next": str(stop)}
    objects = handler.peer.objects(start, stop)
    handler._json({**envelope, "objects": objects}, headers=dates(start, stop))


def _one_date_no_token(handler: Handler, asked: Asked) -> None:
    if asked.get("added_after", "") >= DATE.format(1):
        handler._json({})
        return
    stop = min(int(asked["limit"]), handler.peer.count)
    envelope = {"more": stop < handler.peer.count, "objects": handler.peer.objects(0, stop)}
    handler._json(envelope, headers={_LAST: DATE.format(1)})


def _inclusive(handler: Handler, asked: Asked) -> None:
    """``added_after`` gives what was added then, too; no tokens."""
    after = asked.get("added_after", "")
    start = sum(DATE.format(n) < after for n in range(1, handler.peer.count + 1))
    stop = min(start + 2, handler.peer.count)
    envelope = {"more": stop < handler.peer.count, "objects": handler.peer.objects(start, stop)}
    handler._json(envelope, headers=dates(start, stop))


def _too_large_at_once(handler: Handler, asked: Asked) -> None:
    start = position(asked)
    if int(asked["limit"]) > 1:
        handler._raw(200, b" " * 3_000_000)
    else:
        _one_each(handler, asked)
    assert start <= handler.peer.count


def _past_the_end(handler: Handler, asked: Asked) -> None:
    """Numbers of pages as tokens, and nothing beyond the last (ATT&CK Workbench)."""
    number = int(asked.get("next", "0"))
    start = 2 * number
    if start >= handler.peer.count:
        handler._raw(404, b"{}")
        return
    more = start + 2 < handler.peer.count
    envelope = {"more": more, "objects": handler.peer.objects(start, start + 2)}
    if more:
        envelope["next"] = number + 1
    handler._json(envelope, headers=dates(start, start + 2))


def _empty_but_dated(handler: Handler, _asked: Asked) -> None:
    handler._json({"objects": []}, headers={_LAST: DATE.format(59)})


def _same_version_other_content(handler: Handler, asked: Asked) -> None:
    objects = handler.peer.objects(0, 6)
    handler._json({"objects": objects + [{**one, "name": "Other"} for one in objects[:2]]})


def _thrice(handler: Handler, asked: Asked) -> None:
    handler._json({"objects": handler.peer.objects(0, 6) * 3}, headers=dates(0, 6))


def _beside(*others: Any) -> Mode:
    """The six good ones and others, of any shape."""

    def act(handler: Handler, _asked: Asked) -> None:
        handler._json({"objects": [*handler.peer.objects(0, 6), *others]}, headers=dates(0, 6))

    return act


def _two_date_headers(handler: Handler, asked: Asked) -> None:
    envelope, said = page(handler, asked)
    body = json.dumps(envelope).encode()
    handler.send_response(200)
    for name, value in (("Content-Type", MEDIA), ("Content-Length", str(len(body)))):
        handler.send_header(name, value)
    for value in (said[_LAST], said[_LAST], "yesterday"):
        handler.send_header(_LAST, value)
    handler.end_headers()
    handler.wfile.write(body)


def _utf(encoding: str) -> Mode:
    def act(handler: Handler, asked: Asked) -> None:
        envelope, said = page(handler, asked)
        handler._raw(200, json.dumps(envelope).encode(encoding), **said)

    return act


def _fine(act: Mode) -> Scripted:
    return Scripted("objects", act)


def _ends(act: Mode, code: str, taken: int = 2) -> Scripted:
    """After a good page the run ends so."""
    return Scripted("objects", first_then(act), code, taken)


def _extra(*others: Any, held: int = 0, refused: int = 0) -> Scripted:
    return Scripted("objects", _beside(*others), held=held, refused=refused)


def _another(**more: Any) -> dict[str, Any]:
    return {**indicator(50).content(), **more}


def _busy(wait: str, status: int = 429) -> Mode:
    return status_code(status, Retry_After=wait)


PAGES: dict[str, Scripted] = {
    # Tokens, more, and how long pages are
    "tokens in a circle": Scripted("objects", _circle, "no-progress", 4),
    "token of a megabyte": _fine(_token(lambda at: "x" * 1_000_000 + at)),
    "empty token": _fine(_token(lambda _at: "")),
    "token is null": _fine(_token(lambda _at: None)),
    "token is a list": _fine(_token(lambda at: [at])),
    "token is an object": _fine(_token(lambda at: {"a": at})),
    "token is true": _fine(_token(lambda _at: True)),
    "token with a line break": _fine(_token(lambda at: f"{at}\r\nX-A: 1")),
    "token with signs of an address": _fine(_token(lambda at: f"../&limit=9#?-{at}")),
    "token though nothing follows": _fine(_token_at_the_end),
    "more is text": _fine(_token(int)),
    "more is left out": _fine(_page_with(more=None)),
    "more is one": _fine(_page_with(more=1)),
    "more for ever": Scripted("objects", _never_done, "no-progress"),
    "empty pages between": _fine(_with_gaps),
    "pages of one whatever we ask": _fine(_one_each),
    "pages that grow": _fine(_growing),
    "all at once whatever we ask": _fine(_all_at_once),
    "too much at once": _fine(_too_large_at_once),
    "pages by number, none beyond the last": _fine(_past_the_end),
    "one date for all, no token": _fine(_one_date_no_token),
    "added_after is inclusive": _fine(_inclusive),
    # Dates
    "dates in the future": _fine(_dated("2099-01-01T00:00:00.000000Z")),
    "dates in the far future": _fine(_dated("9999-12-31T23:59:59.999999Z")),
    "dates at the beginning of time": _fine(_dated("0001-01-01T00:00:00Z")),
    "dates of no sense": _fine(_dated("soon", "9999", "0000")),
    "dates with an offset": _fine(_dated("2026-01-01T05:30:02+05:30")),
    "dates in milliseconds": _fine(_dated("2026-01-01T00:00:02.123Z")),
    "dates of five digits": _fine(_dated("2026-01-01T00:00:02.12345Z")),
    "dates without a zone": _fine(_dated("2026-01-01T00:00:02")),
    "dates that go back": _fine(_dated(DATE.format(5), DATE.format(3), DATE.format(1))),
    "one true date among false ones": _fine(_dated("9999-12-31T00:00:00Z", DATE.format(4), "x")),
    "three date headers": _fine(_two_date_headers),
    "a late date with nothing": Scripted("objects", _empty_but_dated, taken=0),
    # What an envelope may look like
    "more members": _fine(_page_with(x_odd={"a": [1]}, title="T")),
    "a bundle of 2.0": _fine(_page_with(type="bundle", spec_version="2.0", id="bundle--1")),
    "objects is null": Scripted("objects", _page_with(objects=None, more=False), taken=0),
    "objects is empty": Scripted("objects", body_of(b'{"objects":[]}'), taken=0),
    "nothing but {}": Scripted("objects", body_of(b"{}"), taken=0),
    "no content": Scripted("objects", status_code(204), taken=0),
    "objects is text": _ends(body_of(b'{"objects":"a"}'), "answer-wrong"),
    "objects is a number": _ends(body_of(b'{"objects":7}'), "answer-wrong"),
    "the envelope is a list": _ends(body_of(b"[1,2]"), "not-json"),
    "the envelope is a word": _ends(body_of(b"true"), "not-json"),
    "two envelopes": _ends(body_of(b"{}{}"), "not-json"),
    "the envelope breaks off": _ends(body_of(b'{"objects":[{"a":'), "not-json"),
    "next is NaN": _ends(body_of(b'{"next":NaN,"more":true}'), "not-json"),
    "deep beyond all sense": _ends(
        body_of(b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"), "answer-wrong"
    ),
    "a million objects of nothing": _ends(
        body_of(b'{"objects":[' + b"0," * 900_000 + b"0]}"), "page-too-long"
    ),
    "a byte order mark": _fine(_utf("utf-8-sig")),
    "UTF-16": Scripted("objects", _utf("utf-16"), "not-json", 0),
    "UTF-32": Scripted("objects", _utf("utf-32"), "not-json", 0),
    # Objects
    "another content under the same version": Scripted(
        "objects", _same_version_other_content, held=2
    ),
    "each object three times": _fine(_thrice),
    "a number, null, text and a list": _extra(7, None, "a", [], refused=4),
    "an object of 2.0": _extra(_another(spec_version="2.0"), refused=1),
    "an object of 3.0": _extra(_another(spec_version="3.0"), refused=1),
    "a bundle in the envelope": _extra(
        {"type": "bundle", "id": f"bundle--{COLLECTION}", "objects": [_another()]}, refused=1
    ),
    "a version of tomorrow's tomorrow": _extra(
        _another(modified="2099-01-01T00:00:00.000Z"), held=1
    ),
    "a character that no column holds": _extra(_another(name="a\0b"), refused=1),
    "a type of another object": _extra(_another(type="malware"), refused=1),
    "every member of another type": _extra(
        _another(name=1, pattern=[], created={}, labels="a", revoked="no"), refused=1
    ),
    "a lone surrogate": Scripted(
        "objects", spoiled(lambda good: good.replace(b"C2 address", b"\\udc00")), None, 2, 0, 1
    ),
    "bytes that are no UTF-8": Scripted(
        "objects", spoiled(lambda good: good.replace(b"C2 address", b"\xff\xfe")), None, 2, 0, 1
    ),
    "an endless number": Scripted(
        "objects",
        spoiled(lambda good: good.replace(b"{", b'{"confidence":' + b"9" * 5000 + b",", 1)),
        None,
        2,
        0,
        1,
    ),
    # Statuses and headers
    "401, then 200": _ends(_once(status_code(401)), "sign-in-refused"),
    "asks for another password": _ends(
        status_code(401, WWW_Authenticate='Basic realm="elsewhere"'), "sign-in-refused"
    ),
    "a proxy asks for a password": _ends(
        status_code(407, Proxy_Authenticate="Basic"), "request-refused"
    ),
    "redirects to itself": _ends(status_code(301, Location="?"), "redirected"),
    "redirects to a file": _ends(status_code(308, Location="file:///etc/passwd"), "redirected"),
    "many choices": _ends(status_code(300), "redirected"),
    "a part of the answer": _ends(status_code(206), "request-refused"),
    "a teapot": _ends(status_code(418), "request-refused"),
    "a status beyond all": _ends(status_code(999), "request-refused"),
    "busy for an age": _ends(_busy("9" * 40), "peer-busy"),
    "busy without end": _ends(status_code(429), "peer-busy"),
    "busy, back in the past": _fine(_once(_busy("Wed, 21 Oct 2015 07:28:00 GMT", 503))),
    "busy for less than nothing": _fine(_once(_busy("-5"))),
    "busy for no sense": _fine(_once(_busy("soon\u00b2".encode().decode("latin-1")))),
    "cookies": _fine(_with_headers(Set_Cookie="a=b; Domain=example.org")),
    "no version in the media type": _fine(_with_headers(Content_Type="application/taxii+json")),
    "a media type in capitals": _fine(
        _with_headers(Content_Type="Application/TAXII+JSON ; Version=2.1 ; charset=utf-8")
    ),
    "plain JSON": _ends(
        body_of(b"{}", **{"Content-Type": "application/json"}), "content-type-wrong"
    ),
    "TAXII 2.0 in the pages": _ends(
        body_of(b"{}", **{"Content-Type": "application/vnd.oasis.stix+json; version=2.0"}),
        "only-taxii-2-0",
    ),
}
