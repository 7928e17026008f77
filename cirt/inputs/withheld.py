"""Schemas of the do-not-share list."""

from cirt.inputs.base import CommandInput, Flag, LastDay, Text, Wholes
from cirt.kernel.text import mark
from cirt.sharing.withheld.commands import LetGo, Withhold

_LONG = mark("This is more than 2 million characters. Enter it in parts.")
_WHY = mark("Say why, for whoever reads the list later.")


class WithholdInput(CommandInput[Withhold]):
    command = Withhold

    text = Text(2_000_000, missing=mark("Write or paste at least one value."), long=_LONG)
    reason = Text(2000, missing=_WHY)
    below = Flag()
    until = LastDay()


class LetGoInput(CommandInput[LetGo]):
    command = LetGo

    ids = Wholes()
    reason = Text(2000, missing=mark("Say why they may be shared again."))
