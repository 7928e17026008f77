"""What an event would become under a mapping, before anything is kept. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from cirt.register.webhook.mapping import (
    FIELDS,
    Event,
    Paths,
    event_of,
    leaves,
    path_to,
    steps_of,
    value_at,
)

_EVERY = ("text", "observables")  # of these all places count, of others the first
_MAX_LEAVES = 2000
_MAX_IGNORED = 100
_SHOWN = 80  # characters of a value
Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    value: str  # its beginning


@dataclass(frozen=True, slots=True)
class Preview:
    """``found`` by field: the places that were read. ``missing`` are fields to which no path led."""

    event: Event
    found: dict[str, tuple[Place, ...]]
    missing: tuple[str, ...]
    ignored: tuple[Place, ...]  # the first of them
    ignored_count: int
    is_whole: bool  # no text was found, so the event itself is the text


def preview(sent: object, paths: Paths) -> Preview:
    """
    Raises:
        NotAnEvent: as ``event_of`` does.
    """
    every = list(_every_leaf(sent))
    read = {name: _read(sent, every, name, paths.get(name, ())) for name in FIELDS}
    used = {steps for leaves_read in read.values() for steps, _ in leaves_read}
    ignored = [one for one in every if one[0] not in used]
    titles = {value for _, value in read["title"]}  # as a text they would only say it again
    return Preview(
        event=event_of(sent, paths),
        found={name: tuple(map(_place, found)) for name, found in read.items() if found},
        missing=tuple(name for name, found in read.items() if not found),
        ignored=tuple(map(_place, ignored[:_MAX_IGNORED])),
        ignored_count=len(ignored),
        is_whole=all(value in titles for _, value in read["text"]),
    )


def _place(leaf: tuple[Steps, str]) -> Place:
    return Place(path_to(leaf[0]), leaf[1][:_SHOWN])


def _read(
    sent: object, every: list[tuple[Steps, str]], name: str, paths: tuple[str, ...]
) -> list[tuple[Steps, str]]:
    """The leaves that a field takes, each once; as ``event_of`` reads them."""
    found: dict[Steps, str] = {}
    for path in paths:
        if next(iter(leaves(value_at(sent, path))), None) is None:
            continue
        start = steps_of(path)
        below = {steps: value for steps, value in every if steps[: len(start)] == start}
        if name not in _EVERY:
            return list(below.items())[:1]
        found |= below
    return list(found.items())


def _every_leaf(sent: object) -> Iterator[tuple[Steps, str]]:
    """Every word and number of the event with the steps to it, in its order."""
    waiting: list[tuple[Steps, object]] = [((), sent)]
    count = 0
    while waiting and count < _MAX_LEAVES:
        steps, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [((*steps, str(key)), value) for key, value in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [((*steps, str(at)), one[at]) for at in reversed(range(len(one)))]
        else:
            for text in leaves(one):
                count += 1
                yield steps, text
