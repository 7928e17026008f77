"""The form of an export."""

from cirt.inputs.base import Choice, CommandInput, Line
from cirt.kernel.text import mark
from cirt.release.exporting.commands import Export, Format, Subject


class ExportInput(CommandInput[Export]):
    """The edge adds ``wanted``, the filter of the list."""

    command = Export

    subject = Choice(Subject)
    name = Line(300)
    format = Choice(Format, say=mark("Choose what kind of file it shall be."))
    audience = Line(60)
