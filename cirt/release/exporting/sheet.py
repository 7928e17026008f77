"""CSV for spreadsheets and scripts: a line for each observable, nothing in it is taken for a formula."""

import csv
import io
from typing import Any

from cirt.release.exporting.rows import Going, Label

COLUMNS = (
    "tlp",
    "type",
    "kind",
    "value",
    "name",
    "valid_from",
    "valid_until",
    "confidence",
    "revoked",
    "labels",
    "description",
    "pattern",
    "stix_id",
    "version",
    "created_by_ref",
    "pap",
)
# What spreadsheets take for the beginning of a formula, also in full width and behind what they pass over.
_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")  # noqa: RUF001 - those in full width are meant


def cell(value: Any) -> str:
    """One line of text that a spreadsheet shows and does not run."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    line = "".join(c if c.isprintable() else " " for c in text)
    begins = line.lstrip(" '\"")[:1]
    return f"'{line}" if begins in _FORMULA and begins else line


class SheetWriter:
    """The first line is the marking of the whole, as a comment; then the names of the columns."""

    media_type = "text/csv"
    ending = "csv"
    between = b""
    brings_definitions = False

    def row(self, going: Going) -> bytes:
        content = going.content
        same = {
            **{name: content.get(name) for name in COLUMNS},
            "tlp": going.tlp.label,
            "pap": going.pap.label if going.pap else "",
            "revoked": content.get("revoked") is True,
            "labels": content.get("labels") or content.get("indicator_types"),
            "stix_id": going.released.stix_id,
            "version": going.released.version_text,
        }
        kinds = [{"kind": one.kind.value, "value": one.value} for one in going.observables]
        return _lines({**same, **one} for one in kinds or [{"kind": "", "value": ""}])

    def head(self, label: Label) -> bytes:
        return f"# {label.tlp.label}\r\n".encode() + _lines(
            [dict(zip(COLUMNS, COLUMNS, strict=True))]
        )

    def tail(self, label: Label) -> bytes:
        return f"# {label.tlp.label}\r\n".encode()


def _lines(rows: Any) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([cell(row[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8", "replace")
