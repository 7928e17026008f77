"""Reads CSV, TSV and plain lists, by address or from a folder: blocklists, Shadowserver reports and their like."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cirt.plugin import NOTHING, STIX, ConnectorFault, Fetch, Found, Preview, PreviewRow
from cirt.plugin.settings import Setting, Sort, read_settings
from cirt.plugin.spool import Spool, spelled
from cirt.plugin.stix import Object, envelope

from .held import Held
from .making import in_words, indicator, key_of, observed
from .mapping import Row, read_mapping, read_row
from .table import SHAPES, table_of

_ANYTHING = "1 = any"
_BATCHES = 20  # of one list at most, for each has the whole cursor
_AT_ONCE = 2000
_MOST_ROWS = 250_000
_SHOWN = 20  # rows of a preview
_FEW = 20  # below so many, a list may shrink as it likes
_ENDINGS = (".csv", ".tsv", ".txt", ".list", ".netset", ".ipset", ".hosts")


class CsvConnector:
    """The cursor is the last file or the digest of the body, with what of the list was handed over, and by which mapping."""

    name = "csv"
    schema = (
        Setting("url", "The address of the list.", Sort.URL),
        Setting("folder", "Instead: a folder to watch for such files.", Sort.FOLDER),
        Setting("mapping", "A line for each column that is read, like source_ip = ip.", Sort.SAVED, _ANYTHING),
        Setting("shape", "How columns are parted; plain is one value a line.", Sort.CHOICE, "auto", SHAPES),
        Setting("becomes", "Indicators, or what was observed (needs a time in each row).", Sort.CHOICE, "indicator", ("indicator", "observed")),
        Setting("gone", "What becomes of indicators that are in the list no more.", Sort.CHOICE, "end", ("end", "revoke", "keep")),
        Setting("most_gone", "Of a list that loses more than so many percent at once nothing ends.", Sort.NUMBER, "50", most=100),
        Setting("list", "The name of the list, if its address or folder may change.", Sort.TEXT),
    )  # fmt: skip

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._given = read_settings(self.name, self.schema, settings)
        if self._given["url"] and self._given["folder"]:
            raise ConnectorFault("csv: set only one of url and folder.")
        self._mapping = read_mapping(self._given["mapping"])
        read_by = f"{self._given['mapping']} {self._given['shape']} {self._given['becomes']}"
        self._by = hashlib.sha256(" ".join(read_by.split()).encode()).hexdigest()[:16]
        self._observes = self._given["becomes"] == "observed"
        if self._observes and not self._mapping.tells_time:
            raise ConnectorFault(
                "csv: what was observed needs its time. Add a line to mapping: COLUMN = time"
            )
        self._spool = Spool(Path(self._given["folder"]), _ENDINGS)
        self._list = self._given["list"] or self._given["url"] or self._given["folder"]

    def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        if self._given["url"]:
            yield from self._pull_url(fetch, cursor)
        elif self._given["folder"]:
            yield from self._pull_folder(fetch, cursor)
        else:
            raise ConnectorFault("Say where the list is: set url or folder under [connectors.csv].")

    def read(self, file: Path) -> Found:
        """For a look: as if nothing of the list had been read before."""
        origin = spelled(file.name)
        now = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        rows, left_out = self._rows(Spool(file.parent, ()).read(file))
        objects = [each for part, _ in self._objects(rows, Held(), now) for each in part]
        return Found(envelope(objects), STIX, origin, left_out)

    def preview(self, sample: bytes) -> Preview:
        """
        Raises:
            ConnectorFault: as a run would.
        """
        table = table_of(sample, self._given["shape"], has_head=self._mapping.has_head)
        places = self._mapping.places(table.columns)
        shown, left_out = [], Counter[str]()
        for cells in islice(table.rows, _SHOWN):
            row = read_row(cells, places, left_out)
            shown.append(PreviewRow(tuple(cells), tuple(in_words(row)) if row else ()))
        return Preview(table.columns, tuple(shown), left_out + table.left_out)

    def _pull_url(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        url = self._given["url"]
        at, held = self._kept(cursor)
        body = fetch.get(url, accept="text/csv, text/plain, */*;q=0.1")
        digest = hashlib.sha256(body).hexdigest()
        if digest != at:
            yield from self._hand_over(body, url, held, fetch.now(), digest, at)

    def _pull_folder(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
        before, held = self._kept(cursor)
        for one in self._spool.after(before or None):
            try:
                body = self._spool.read(one.path)
                yield from self._hand_over(body, one.name, held, fetch.now(), one.mark, before)
            except ConnectorFault as fault:
                said = str(fault) if one.name in str(fault) else f"{one.name}: {fault}"
                yield Found(NOTHING, STIX, one.name, fault=said), self._cursor(one.mark, held)
            before = one.mark

    def _kept(self, cursor: str | None) -> tuple[str, Held]:
        """Where the last run ended, and what of the list is known.

        What was read by another mapping is read again: the last file where each is the whole list, else all of them.
        """
        if cursor is None:
            return "", Held()
        kept = json.loads(cursor)
        at, held = kept["at"], Held.read(kept["held"])
        if kept.get("by") == self._by:
            return at, held
        if self._given["url"] or self._observes or self._given["gone"] == "keep":
            return "", held
        read = [one.mark for one in self._spool.after(None) if one.mark <= at]
        return read[-2] if len(read) > 1 else "", held

    def _cursor(self, at: str, held: Held) -> str:
        return json.dumps({"at": at, "held": held.packed(), "by": self._by})

    def _hand_over(
        self, body: bytes, origin: str, held: Held, now: datetime, mark: str, before: str
    ) -> Iterator[tuple[Found, str]]:
        """In parts; until the last, the cursor stands before this file. An object that is made is noted in ``held``."""
        rows, left_out = self._rows(body)
        fault = self._shrunk(rows, held, origin)
        for objects, is_last in self._objects(rows, held, now, may_end=not fault):
            at = (before if fault and self._given["url"] else mark) if is_last else before
            found = Found(
                envelope(objects),
                STIX,
                origin,
                left_out if is_last else {},
                fault if is_last else "",
            )
            yield found, self._cursor(at, held)

    def _rows(self, body: bytes) -> tuple[dict[str, Row], Counter[str]]:
        """By what each is known; of several rows of one value the last."""
        table = table_of(body, self._given["shape"], has_head=self._mapping.has_head)
        places = self._mapping.places(table.columns)
        left_out = Counter[str]()
        rows: dict[str, Row] = {}
        for cells in table.rows:
            row = read_row(cells, places, left_out)
            if row is None:
                continue
            if self._observes:
                if row.at is None:
                    left_out["row without a time"] += 1
                    continue
                rows[f"{row.at} {row.sign} {[key_of(*one) for one in row.seen]}"] = row
                continue
            rows |= {key_of(*one): row for one in row.seen}
            if len(rows) > _MOST_ROWS:
                raise ConnectorFault(f"The list has more than {_MOST_ROWS} entries. Split it.")
        return rows, left_out + table.left_out

    def _objects(
        self, rows: Mapping[str, Row], held: Held, now: datetime, *, may_end: bool = True
    ) -> Iterator[tuple[list[Object], bool]]:
        """Parts of what is to be handed over, and whether each is the last."""
        each = (
            self._observed(rows) if self._observes else self._indicators(rows, held, now, may_end)
        )
        size = max(_AT_ONCE, len(rows) // _BATCHES)
        part = list(islice(each, size))
        while len(part) == size:
            yield part, False
            part = list(islice(each, size))
        yield part, True

    def _observed(self, rows: Mapping[str, Row]) -> Iterator[Object]:
        for row in rows.values():
            if row.at is not None:
                yield from observed(self._list, row, row.at)

    def _indicators(
        self, rows: Mapping[str, Row], held: Held, now: datetime, may_end: bool
    ) -> Iterator[Object]:
        revokes = self._given["gone"] == "revoke"
        for key in held.come(rows, now, revokes=revokes):
            yield indicator(self._list, key, held.entries[key], rows[key], revokes=revokes)
        if may_end and self._given["gone"] != "keep":
            for key in held.go(rows, now):
                yield indicator(self._list, key, held.entries[key], None, revokes=revokes)

    def _shrunk(self, rows: Mapping[str, Row], held: Held, origin: str) -> str:
        """Why nothing of the list ends now: half a file, or a page in place of the list, looks like this."""
        before = held.count
        stay = sum(key in rows and not one.is_gone for key, one in held.entries.items())
        if self._observes or self._given["gone"] == "keep" or before < _FEW:
            return ""
        if (before - stay) * 100 <= before * int(self._given["most_gone"]):
            return ""
        return (
            f"{origin} has {stay} of {before} entries left, so none of the others was ended."
            " If that is right, set most_gone = 100 for one run."
        )
