"""Forms of webhooks: a name, a marking, the mapping with a box of paths for each field, an example to try it on."""

from dataclasses import dataclass
from typing import TypeVar

from cirt.inputs.base import CommandInput, Line, Marking, Text, Whole
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.register.webhook.events import MAX_EVENT_BYTES
from cirt.register.webhook.mapping import FIELDS, MappingWrong, Paths, read_mapping

_LONG = mark("Shorten this: at most 20 paths, one on a line, each of 300 characters.")
_RED = mark("TLP:RED is for named persons. A system has none: choose a lower marking.")
_PASTE = mark("Paste an event in JSON to see what becomes of it.")
_LARGE = mark("The example is larger than 256 KiB, which no event may be. Shorten it.")


@dataclass(frozen=True, slots=True)
class WrittenMapping:
    """What was typed, a path on each line."""

    title: str
    text: str
    severity: str
    observables: str
    key: str
    link: str
    organisation: str
    example: str = ""

    @property
    def paths(self) -> Paths:
        """
        Raises:
            MappingWrong.
        """
        return read_mapping({name: self.lines(name) for name in FIELDS if self.lines(name)})

    def lines(self, name: str) -> list[str]:
        typed: str = getattr(self, name)
        return [line.strip() for line in typed.splitlines() if line.strip()]


M = TypeVar("M", bound=WrittenMapping)


@dataclass(frozen=True, slots=True)
class WrittenWebhook(WrittenMapping):
    name: str = ""
    tlp: Tlp = Tlp.AMBER


@dataclass(frozen=True, slots=True)
class WrittenChange(WrittenMapping):
    version: int = 0


class _MappingInput(CommandInput[M]):
    title = Text(8000, long=_LONG)
    text = Text(8000, long=_LONG)
    severity = Text(8000, long=_LONG)
    observables = Text(8000, long=_LONG)
    key = Text(8000, long=_LONG)
    link = Text(8000, long=_LONG)
    organisation = Text(8000, long=_LONG)
    example = Text(MAX_EVENT_BYTES, long=_LARGE)

    def problems(self, command: M) -> dict[str, list[str]]:
        """Of each field by itself, so that it is said there."""
        found = {}
        for name in FIELDS:
            try:
                read_mapping({name: command.lines(name)})
            except MappingWrong:
                found[name] = [_LONG]
        return found


class WebhookInput(_MappingInput[WrittenWebhook]):
    command = WrittenWebhook

    name = Line(60, missing=mark("Give it a name, like siem or mail-gateway."))
    tlp = Marking()

    def problems(self, command: WrittenWebhook) -> dict[str, list[str]]:
        red = {"tlp": [_RED]} if command.tlp is Tlp.RED else {}
        return {**super().problems(command), **red}


class WebhookChangeInput(_MappingInput[WrittenChange]):
    command = WrittenChange

    version = Whole(
        1, say=mark("Open the page again: the form does not say which version it shows.")
    )


class WebhookPreviewInput(_MappingInput[WrittenMapping]):
    """The same forms, for looking: whatever else they hold is read elsewhere."""

    command = WrittenMapping

    example = Text(MAX_EVENT_BYTES, missing=_PASTE, long=_LARGE)
