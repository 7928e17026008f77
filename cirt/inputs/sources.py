"""Form of a connector: the setting that is typed at the desk, and a sample to try it on."""

from dataclasses import dataclass

from cirt.inputs.base import CommandInput, Text, Whole
from cirt.kernel.text import mark

_LONG = mark("Shorten this: at most 20,000 characters.")
_SAMPLE = mark("The sample is longer than 256 KiB. Its first lines are enough.")
_PASTE = mark("Paste a few lines of the list to see what becomes of them.")


@dataclass(frozen=True, slots=True)
class TypedSetting:
    value: str
    version: int
    sample: str = ""


@dataclass(frozen=True, slots=True)
class TriedSetting:
    value: str
    sample: str


class SettingInput(CommandInput[TypedSetting]):
    command = TypedSetting

    value = Text(20_000, long=_LONG)
    sample = Text(256 * 1024, long=_SAMPLE)
    version = Whole(
        0, say=mark("Open the page again: the form does not say which version it shows.")
    )


class TrySettingInput(CommandInput[TriedSetting]):
    """The same form, for looking."""

    command = TriedSetting

    value = Text(20_000, long=_LONG)
    sample = Text(256 * 1024, missing=_PASTE, long=_SAMPLE)
