"""The form that moves an incident to the bin."""

from cirt.inputs.base import CommandInput, Text, Whole
from cirt.kernel.text import mark
from cirt.register.bin import commands


class DeleteIncidentInput(CommandInput[commands.DeleteIncident]):
    command = commands.DeleteIncident

    version = Whole(
        1, say=mark("Open the page again: the form does not say which version it shows.")
    )
    reason = Text(
        4000,
        missing=mark("Say why; the reason is kept."),
        long=mark("Shorten the reason to 4000 characters."),
    )
