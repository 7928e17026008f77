"""Reads STIX 2.1 bundles and TAXII envelopes from a watched folder."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cirt.plugin import STIX, ConnectorFault, Fetch, Found

_MAX_BYTES = 256 * 1024 * 1024


class StixFolderConnector:
    """Files named ``*.json`` or ``*.stix2``, in the order in which they came.

    The cursor is the change time and name of the last file read. The change time is set when a file is written
    or moved in, whatever its other dates say. Write under another name and rename: what begins with a dot or
    ends differently is left alone.
    """

    name = "stix-folder"

    def __init__(self, settings: Mapping[str, str]) -> None:
        unknown = set(settings) - {"folder"}
        if unknown:
            raise ConnectorFault(f"stix-folder has no setting {min(unknown)}. It has: folder.")
        self._folder = Path(settings["folder"]) if settings.get("folder") else None

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        for mark, file in self._files():
            if cursor is None or mark > cursor:
                yield self.read(file), mark

    def read(self, file: Path) -> Found:
        size = file.stat().st_size
        if size > _MAX_BYTES:
            raise ConnectorFault(f"{_name(file)} has {size} bytes; split it below {_MAX_BYTES}.")
        return Found(file.read_bytes(), STIX, _name(file))

    def _files(self) -> list[tuple[str, Path]]:
        if self._folder is None:
            raise ConnectorFault("Say which folder: set folder under [connectors.stix-folder].")
        if not self._folder.is_dir():
            raise ConnectorFault(f"{self._folder} is not a folder. Make it or correct the setting.")
        return sorted(
            (f"{file.stat().st_ctime_ns:020d} {_name(file)}", file)
            for file in self._folder.iterdir()
            if file.suffix in (".json", ".stix2")
            and not file.name.startswith(".")
            and file.is_file()
        )


def _name(file: Path) -> str:
    """As text that everybody can hold: a name on disk may be no UTF-8."""
    return os.fsencode(file.name).decode("utf-8", "backslashreplace")
