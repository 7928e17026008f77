"""Where in somebody else's JSON the things stand that a report has. Pure; what is not there is left out.

A path is a JSON pointer (``/alert/rule/name``, RFC 6901) or the same with dots (``alert.rule.name``). For each field
several may be given; the first that leads somewhere counts, for observables and text all of them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.register.webhook.errors import NotAnEvent

FIELDS = ("title", "text", "severity", "observables", "key", "link", "organisation")
DEFAULT: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "name", "rule.name", "alert.name", "message"),
    "text": ("description", "text", "message"),
    "severity": ("severity", "level", "priority"),
    "observables": ("observables", "indicators", "iocs"),
    "key": ("key", "fingerprint", "id"),
    "link": ("link", "url"),
    "organisation": ("organisation", "organization", "customer"),
}
_MAX_PATHS = 20
_MAX_PATH = 300  # characters
_MAX_VALUES = 1000
_MAX_CHARS = 100_000  # of one value

Paths = Mapping[str, tuple[str, ...]]


class MappingWrong(Invalid):
    code = "mapping-wrong"
    message = mark("The mapping cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class Event:
    """What a report would be made of. ``key`` names what happened: the same again is no second report."""

    title: str
    text: str
    severity: str
    observables: tuple[str, ...]
    key: str
    link: str
    organisation: str

    @property
    def body(self) -> str:
        """As the text of a report, where observables are found."""
        facts = [self.severity, self.link]
        parts = (self.text, "\n".join(self.observables), "\n".join(fact for fact in facts if fact))
        return "\n\n".join(part for part in (self.title, *parts) if part)


def read_mapping(given: object) -> dict[str, tuple[str, ...]]:
    """
    Raises:
        MappingWrong: it is no table of known fields with paths.
    """
    if not isinstance(given, dict):
        raise MappingWrong(reason="it is no JSON object.")
    paths: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        if name not in FIELDS:
            raise MappingWrong(
                reason=f"there is no field “{name}”. Known are: {', '.join(FIELDS)}."
            )
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            raise MappingWrong(
                reason=f"“{name}” needs a path like alert.rule.name, or a list of them."
            )
        if len(found) > _MAX_PATHS or any(len(one) > _MAX_PATH for one in found):
            reason = f"“{name}” has more than {_MAX_PATHS} paths, or one that is too long."
            raise MappingWrong(reason=reason)
        paths[name] = tuple(found)
    return paths


def event_of(sent: object, paths: Paths) -> Event:
    """What is shown of ``sent``; where no text is found, its whole JSON is the text.

    Raises:
        NotAnEvent: it has no text, and its JSON is nested too deeply to be one.
    """
    found = {name: list(_values(sent, paths.get(name, ()))) for name in FIELDS}
    title = next(iter(found["title"]), "")
    texts = [text for text in dict.fromkeys(found["text"]) if text != title]
    return Event(
        title=title[:200],
        text="\n".join(texts) or _written_out(sent),
        severity=next(iter(found["severity"]), "")[:40],
        observables=tuple(dict.fromkeys(found["observables"]))[:_MAX_VALUES],
        key=next(iter(found["key"]), ""),
        link=next(iter(found["link"]), "")[:2000],
        organisation=next(iter(found["organisation"]), "")[:200],
    )


def _written_out(sent: object) -> str:
    try:
        return json.dumps(sent, ensure_ascii=False, indent=1)[:_MAX_CHARS]
    except RecursionError as error:
        raise NotAnEvent(reason="its parts lie too deep in each other") from error


def _values(sent: object, paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        yield from _leaves(_at(sent, path))


def _at(sent: object, path: str) -> object:
    """What stands there, or None."""
    pointer = path.startswith("/")
    steps = path[1:].split("/") if pointer else path.split(".")
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~") if pointer else step
        if isinstance(sent, dict):
            sent = sent.get(name)
        elif isinstance(sent, list) and name.isascii() and name.isdigit() and int(name) < len(sent):
            sent = sent[int(name)]
        else:
            return None
    return sent


def _leaves(value: object) -> Iterator[str]:
    """The words and numbers at a place; of a list each, of an object its values."""
    waiting: list[Any] = [value]
    for _ in range(_MAX_VALUES):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, bool):
            yield str(one).lower()
        elif isinstance(one, str | int | float):
            text = str(one).strip()[:_MAX_CHARS]
            if text:
                yield text
        elif isinstance(one, list):
            waiting[:0] = one[:_MAX_VALUES]
        elif isinstance(one, dict):
            waiting[:0] = list(one.values())[:_MAX_VALUES]
