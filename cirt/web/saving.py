"""Files to be saved, never shown: whatever is in them acts nowhere."""

from collections.abc import Iterable

from flask import Response


def to_save(
    body: bytes | str | Iterable[bytes], name: str, media_type: str = "application/octet-stream"
) -> Response:
    response = Response(body, mimetype=media_type)
    name = name.replace("/", "_").replace("\\", "_")  # never a path on the reader's disk
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
