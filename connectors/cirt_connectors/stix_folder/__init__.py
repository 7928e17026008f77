"""Reads STIX 2.1 bundles and TAXII envelopes from a watched folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cirt.plugin import NOTHING, STIX, ConnectorFault, Fetch, Found
from cirt.plugin.settings import Setting, Sort, read_settings
from cirt.plugin.spool import Spool, spelled


class StixFolderConnector:
    """Files named ``*.json`` or ``*.stix2``; the cursor tells the last one read."""

    name = "stix-folder"
    schema = (Setting("folder", "The folder to watch.", Sort.FOLDER),)

    def __init__(self, settings: Mapping[str, str]) -> None:
        folder = read_settings(self.name, self.schema, settings)["folder"]
        self._is_set = bool(folder)
        self._spool = Spool(Path(folder), (".json", ".stix2"))

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        if not self._is_set:
            raise ConnectorFault("Say which folder: set folder under [connectors.stix-folder].")
        for one in self._spool.after(cursor):
            try:
                yield self.read(one.path), one.mark
            except ConnectorFault as fault:
                yield Found(NOTHING, STIX, one.name, fault=str(fault)), one.mark

    def read(self, file: Path) -> Found:
        return Found(self._spool.read(file), STIX, spelled(file.name))
