"""Forms of the events of an attack."""

from cirt.inputs.base import CommandInput, Line, Text, Whole
from cirt.kernel.text import mark
from cirt.register.timeline import commands

_TEXT = mark("Say what the attack did.")
_WHEN = mark("Say when it was, as exactly as it is known: 2026-11-17 13:51, or only 2026-11-17.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")


class AddAttackInput(CommandInput[commands.AddAttack]):
    command = commands.AddAttack

    text = Text(10_000, missing=_TEXT)
    when = Line(40, missing=_WHEN)
    zone = Line(64)
    source = Line(200)


class EditAttackInput(CommandInput[commands.EditAttack]):
    command = commands.EditAttack

    version = Whole(1, say=_VERSION)
    text = Text(10_000, missing=_TEXT)
    when = Line(40, missing=_WHEN)
    zone = Line(64)
    source = Line(200)
