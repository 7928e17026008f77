"""What a peer does wrong or oddly before the first page: discovery and collections."""

from typing import Any

from tests.support.hostile import (
    ROOT,
    Asked,
    Handler,
    Mode,
    body_of,
    collection,
    status_code,
)
from tests.support.scripted import Scripted


def _roots(*roots: Any, **more: Any) -> Mode:
    """Discovery with these roots; {here} and {elsewhere} are addresses."""

    def act(handler: Handler, _asked: Asked) -> None:
        peer = handler.peer
        named = [
            root.format(here=peer.base, elsewhere=peer.elsewhere) if isinstance(root, str) else root
            for root in roots
        ]
        handler._json({"title": "T", "api_roots": named, **more})

    return act


def _says(what: Any, at: str, code: str | None, taken: int = 0) -> Scripted:
    return Scripted(at, lambda handler, _asked: handler._json(what), code, taken)


def _shows(*collections: Any, code: str | None = None) -> Scripted:
    return _says({"collections": list(collections)}, "collections", code, 0 if code else 6)


def _found(act: Mode) -> Scripted:
    return Scripted("discovery", act)


def _fails(act: Mode, code: str, at: str = "discovery") -> Scripted:
    return Scripted(at, act, code, 0)


def _without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in collection().items() if name not in names} | more


_OTHER = {"id": "0d9c0d2e-52d7-4f7a-8f2b-0a4f6f2d9c11", "title": "O", "can_read": True}

DOORS: dict[str, Scripted] = {
    # Discovery
    "no roots": _says({"title": "T"}, "discovery", "answer-wrong"),
    "roots are null": _says({"api_roots": None}, "discovery", "answer-wrong"),
    "roots are text": _says({"api_roots": ROOT}, "discovery", "answer-wrong"),
    "roots are a number": _says({"api_roots": 7}, "discovery", "answer-wrong"),
    "roots are an object": _says({"api_roots": {"a": ROOT}}, "discovery", "answer-wrong"),
    "roots of other types": _fails(_roots(1, None, [ROOT]), "answer-wrong"),
    "a root that is no address": _fails(_roots("http://["), "answer-wrong"),
    "a root that is a file": _fails(_roots("file:///etc/"), "url-wrong"),
    "a root with our password in it": _fails(_roots("http://us:pw@127.0.0.1/"), "url-wrong"),
    "an empty list of roots": _fails(_roots(), "collection-missing"),
    "a thousand roots": _fails(_roots(*(f"/r{n}/" for n in range(1000))), "not-there"),
    "a root on another port": _fails(_roots("{elsewhere}" + ROOT), "other-origin"),
    "a root without a scheme": _fails(_roots("//127.0.0.2" + ROOT), "other-origin"),
    "a root by TLS": _fails(_roots("https://127.0.0.1" + ROOT), "other-origin"),
    "a root elsewhere and one here": _found(_roots("{elsewhere}" + ROOT, ROOT)),
    "a root that is gone and one here": _found(_roots("/gone/", ROOT)),
    "a root twice": _found(_roots(ROOT, ROOT, "{here}" + ROOT)),
    "a root without its slash": _found(_roots(ROOT.rstrip("/"))),
    "a default that is no root": _found(_roots(ROOT, default="/other/")),
    "a default of another type": _found(_roots(ROOT, default=[1])),
    "discovery is text": _says("T", "discovery", "not-json"),
    "discovery is null": _says(None, "discovery", "not-json"),
    "discovery with a member twice": _fails(
        body_of(b'{"api_roots":["/a/"],"api_roots":["/b/"]}'), "answer-wrong"
    ),
    "discovery of many megabytes": _fails(
        body_of(b'{"api_roots":[' + b'"/a/",' * 500_000 + b'"/b/"]}'), "answer-too-large"
    ),
    "discovery is a page for people": _fails(
        body_of(b"<html>", **{"Content-Type": "text/html"}), "content-type-wrong"
    ),
    "discovery is missing": _fails(status_code(404), "not-there"),
    "discovery is forbidden": _fails(status_code(403), "forbidden"),
    "discovery fails": _fails(status_code(500), "peer-failed"),
    # Collections
    "no collections": _says({}, "collections", "collection-missing"),
    "collections are null": _says({"collections": None}, "collections", "collection-missing"),
    "collections are empty (OpenCTI)": _shows(code="collection-missing"),
    "collections are an object": _says({"collections": {}}, "collections", "answer-wrong"),
    "collections of other types": _shows(1, None, "c", [], code="collection-missing"),
    "a collection without an id": _shows(_without("id"), code="collection-missing"),
    "a collection whose id is a number": _shows(_without(id=7), code="collection-missing"),
    "a collection whose id is a path": _shows(_without(id="../../../root"), code="answer-wrong"),
    "odd collections before ours": _shows(1, {}, {"id": None}, _OTHER, collection()),
    "a collection without a title": _shows(_without("title")),
    "a title that is null": _shows(_without(title=None, description=None, media_types=None)),
    "a collection that does not say whether we may": _shows(_without("can_read", "can_write")),
    "a collection for people who may not": _shows(_without(can_read=False), code="not-readable"),
    "whether we may is text": _shows(_without(can_read="yes"), code="not-readable"),
    "our name for two collections": _shows(collection(), {**_OTHER, "alias": "c"}),
    "five thousand collections": _shows(
        *({**_OTHER, "id": f"x{n}"} for n in range(5000)), collection()
    ),
    "a hundred thousand collections": _shows(
        *({"id": f"x{n}", "title": "T"} for n in range(100_000)), code="answer-too-large"
    ),
    "a hundred thousand small collections": _shows(*([0] * 450_000), code="page-too-long"),
    "collections are missing": _fails(status_code(404), "not-there", "collections"),
    "collections are forbidden": _fails(status_code(403), "forbidden", "collections"),
    "collections ask for a password": _fails(status_code(401), "sign-in-refused", "collections"),
    "collections are of 2.0": _fails(
        body_of(b"{}", **{"Content-Type": "application/vnd.oasis.taxii+json; version=2.0"}),
        "only-taxii-2-0",
        "collections",
    ),
    "the root is never needed": Scripted("root", status_code(500)),
}
