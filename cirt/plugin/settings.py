"""Settings of a connector, declared as data: what there is, what a value must look like, what it says otherwise."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from cirt.plugin import ConnectorFault

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_SHOWN = 80  # characters of a wrong value
_YES_NO = ("yes", "no")


class Sort(StrEnum):
    TEXT = "text"
    URL = "url"
    FOLDER = "folder"
    SECRET = "secret"  # noqa: S105 - the path of a file whose first line is it, never the secret itself
    NUMBER = "number"
    YES_NO = "yes-no"
    CHOICE = "choice"
    DAY = "day"
    SAVED = "saved"  # typed at the desk, with a preview, instead of in cirt.toml


@dataclass(frozen=True, slots=True)
class Setting:
    """``says`` is one plain sentence; ``choices`` belong to CHOICE, ``least`` and ``most`` to NUMBER."""

    name: str
    says: str
    sort: Sort = Sort.TEXT
    default: str = ""
    choices: tuple[str, ...] = ()
    is_needed: bool = False
    least: int = 0
    most: int = 1_000_000_000


def read_settings(
    connector: str, schema: Sequence[Setting], given: Mapping[str, str]
) -> dict[str, str]:
    """Every setting with its value or default.

    Raises:
        ConnectorFault: a name that there is not, a value that does not fit, or one that is missing; named.
    """
    known = {one.name: one for one in schema}
    for name in sorted(given):
        if name not in known:
            names = ", ".join(sorted(known))
            raise ConnectorFault(f"{connector} has no setting {name}. It has: {names}.")
    values = {name: given.get(name, "").strip() or one.default for name, one in known.items()}
    for name, one in known.items():
        if one.is_needed and not values[name]:
            raise ConnectorFault(f"{connector} needs {name}: {one.says}")
        if values[name]:
            _check(connector, one, values[name])
    return values


def read_secret(path: str) -> str:
    """The first line of a file that only the program should be able to read.

    Raises:
        ConnectorFault.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConnectorFault(f"{path} cannot be read. Make it readable for cirt.") from None
    secret = lines[0].strip() if lines else ""
    if not secret or not secret.isprintable():
        raise ConnectorFault(f"{path} has no key on its first line. Write it there.")
    return secret


def _check(connector: str, one: Setting, value: str) -> None:
    wanted = _WANTED[one.sort](one, value)
    if wanted:
        shown = value[:_SHOWN]
        raise ConnectorFault(f"{connector}: {one.name} is “{shown}”, which does not fit. {wanted}")


def _nothing(one: Setting, value: str) -> str:
    return ""


def _url(one: Setting, value: str) -> str:
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    return "" if fits else "Write an address that begins with https://."


def _number(one: Setting, value: str) -> str:
    fits = value.isascii() and value.isdigit() and one.least <= int(value[:12]) <= one.most
    return "" if fits else f"Write a whole number from {one.least} to {one.most}."


def _choice(one: Setting, value: str) -> str:
    choices = _YES_NO if one.sort is Sort.YES_NO else one.choices
    return "" if value in choices else f"Write one of: {', '.join(choices)}."


def _day(one: Setting, value: str) -> str:
    return "" if _DAY.match(value) else "Write a day like 2026-11-01."


_WANTED: Mapping[Sort, Callable[[Setting, str], str]] = {
    Sort.TEXT: _nothing,
    Sort.URL: _url,
    Sort.FOLDER: _nothing,
    Sort.SECRET: _nothing,
    Sort.NUMBER: _number,
    Sort.YES_NO: _choice,
    Sort.CHOICE: _choice,
    Sort.DAY: _day,
    Sort.SAVED: _nothing,
}
