"""A folder of mails, one to a file, named ``*.eml``."""

import os
from collections.abc import Iterator
from pathlib import Path

from cirt.plugin import MAIL, MAIL_HEADERS, ConnectorFault, Found

MAX_BYTES = 40 * 1024 * 1024  # what mail servers take at most is 25 to 35 MiB
_HEADERS = 256 * 1024


def folder_mails(folder: Path, cursor: str | None) -> Iterator[tuple[Found, str]]:
    """Files in the order in which they came, each once; a changed one is read again.

    The cursor is the change time and name of the last file read. Write under another name and rename: what
    begins with a dot or ends differently is left alone.
    """
    if not folder.is_dir():
        raise ConnectorFault(f"{folder} is not a folder. Make it or correct the setting.")
    for mark, file in _files(folder):
        if cursor is None or mark > cursor:
            yield read_mail(file), mark


def read_mail(file: Path) -> Found:
    with file.open("rb") as opened:
        body = opened.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return Found(headers_of(body[:_HEADERS]), MAIL_HEADERS, _name(file))
    return Found(body, MAIL, _name(file))


def headers_of(begin: bytes) -> bytes:
    """What stands before the first empty line."""
    ends = [at for at in (begin.find(b"\r\n\r\n"), begin.find(b"\n\n")) if at >= 0]
    return begin[: min(ends)] if ends else begin


def _files(folder: Path) -> list[tuple[str, Path]]:
    return sorted(
        (f"{file.stat().st_ctime_ns:020d} {_name(file)}", file)
        for file in folder.iterdir()
        if file.suffix == ".eml" and not file.name.startswith(".") and file.is_file()
    )


def _name(file: Path) -> str:
    """As text that everybody can hold: a name on disk may be no UTF-8."""
    return os.fsencode(file.name).decode("utf-8", "backslashreplace")
