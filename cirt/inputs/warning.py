"""Schemas of the warning list."""

from cirt.inputs.base import CommandInput, Flag, Text, Wholes
from cirt.kernel.text import mark
from cirt.register.warned.commands import Unwarn, Warn


class WarnInput(CommandInput[Warn]):
    command = Warn

    text = Text(
        2_000_000,
        missing=mark("Write or paste at least one value."),
        long=mark("This is more than 2 million characters. Enter it in parts."),
    )
    reason = Text(2000, missing=mark("Say why it is too common, for whoever reads the list later."))
    below = Flag()


class UnwarnInput(CommandInput[Unwarn]):
    command = Unwarn

    ids = Wholes()
    reason = Text(2000, missing=mark("Say why a match on them means something."))
