"""Which column holds what: a line ``column = what`` each, and what a row says by it."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cirt.plugin import ConnectorFault
from cirt.plugin.stix import KINDS, Seen, guess, observable, refanged

_ANY = "any"  # whatever the value is
_TIME, _LABEL, _COMMENT = "time", "label", "comment"
WHAT = (*KINDS, _ANY, _TIME, _LABEL, _COMMENT)
_MOST = 100  # columns
_NAME = 120  # characters of a column's name
_LABEL_LENGTH, _COMMENT_LENGTH = 250, 2000
_LATEST = 4_102_444_800  # 2100


@dataclass(frozen=True, slots=True)
class Row:
    """``seen`` by kind; ``at`` is None where no column tells the time."""

    seen: tuple[tuple[str, Seen], ...]
    at: datetime | None
    labels: tuple[str, ...]
    comment: str

    @property
    def sign(self) -> str:
        """Of what is said beside the values: where it changes, there is a new version."""
        said = "\0".join((*self.labels, "\0\0", self.comment))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by their name in the head, or by their number from 1."""

    named: Mapping[str, str]

    @property
    def has_head(self) -> bool:
        return not all(_is_number(name) for name in self.named)

    @property
    def tells_time(self) -> bool:
        return _TIME in self.named.values()

    def places(self, head: Sequence[str]) -> dict[int, str]:
        """
        Raises:
            ConnectorFault: a column that the file does not have.
        """
        found = {}
        names = {name.casefold(): index for index, name in reversed(list(enumerate(head)))}
        for name, what in self.named.items():
            index = names.get(name.casefold(), int(name) - 1 if _is_number(name) else -1)
            if index < 0:
                has = ", ".join(head)[:300] or "none with a name"
                raise ConnectorFault(f"There is no column “{name[:_NAME]}”. The file has: {has}.")
            found[index] = what
        return found


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def read_mapping(text: str) -> Columns:
    """
    Raises:
        ConnectorFault: a line that is none, or names nothing that a column can hold.
    """
    columns: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, sign, what = (part.strip() for part in line.rpartition("="))
        if not sign or not name or len(name) > _NAME:
            raise ConnectorFault(f"“{line.strip()[:80]}” is no line like: source_ip = ip")
        if what not in WHAT:
            raise ConnectorFault(
                f"“{what[:40]}” is nothing that a column can hold. Known are: {', '.join(WHAT)}."
            )
        columns[name] = what
    if not set(columns.values()) & {*KINDS, _ANY}:
        raise ConnectorFault("No column holds an observable. Write a line like: source_ip = ip")
    if len(columns) > _MOST:
        raise ConnectorFault(f"There are more than {_MOST} lines. Leave some out.")
    return Columns(columns)


def read_row(cells: Sequence[str], places: Mapping[int, str], left_out: Counter[str]) -> Row | None:
    """What it says; None and a count where nothing of it is what its columns promise."""
    said: dict[str, list[str]] = {_TIME: [], _LABEL: [], _COMMENT: []}
    seen: list[tuple[str, Seen]] = []
    for index, what in places.items():
        value = cells[index].strip() if index < len(cells) else ""
        if not value:
            continue
        if what in said:
            said[what].append(value)
        else:
            seen += _observables(what, value, left_out)
    if not seen:
        left_out["row without an observable"] += 1
        return None
    when = next((parsed for parsed in map(instant_of, said[_TIME]) if parsed), None)
    if said[_TIME] and when is None:
        left_out["row whose time is none"] += 1
        return None
    labels = dict.fromkeys(label[:_LABEL_LENGTH] for label in said[_LABEL])
    return Row(tuple(seen), when, tuple(labels), " · ".join(said[_COMMENT])[:_COMMENT_LENGTH])


def instant_of(text: str) -> datetime | None:
    """Of an ISO time, UTC where it names no zone, or of seconds since 1970; None of what is not of our days."""
    if text.isascii() and text.isdigit():
        seconds = int(text[:11])
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if 0 < found.timestamp() < _LATEST else None


def _observables(what: str, value: str, left_out: Counter[str]) -> Iterator[tuple[str, Seen]]:
    plain = refanged(value)
    kind = guess(plain) if what == _ANY else what
    found = observable(kind, plain) if kind else None
    if found is None:
        left_out[f"value that is no {what}" if kind else "value of no kind that is known"] += 1
        return
    yield kind, found
