"""Style sheet, script and icon under addresses that carry their digest, so that browsers may keep them for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from flask import Response

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_NAMES = ("app.css", "app.js", "favicon.svg")


@dataclass(frozen=True, slots=True)
class StaticFile:
    path: str  # app.1f3a90c2.css
    body: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """By the name that templates use."""
    return {name: _load(name) for name in _NAMES}


def _load(name: str) -> StaticFile:
    body = (files("cirt.web") / "static" / name).read_bytes()
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:8]
    return StaticFile(f"{stem}.{digest}.{ending}", body, _TYPES[ending])


def static(name: str) -> Response:
    """Answer a fingerprinted name; an older one is gone."""
    for file in static_files().values():
        if file.path == name:
            response = Response(file.body, mimetype=file.media_type)
            response.cache_control.public = True
            response.cache_control.max_age = 31_536_000
            response.cache_control.immutable = True
            return response
    return Response("Not found.", HTTPStatus.NOT_FOUND, mimetype="text/plain")
