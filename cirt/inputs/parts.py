"""The form for a part with a lower marking."""

from cirt.inputs.base import CommandInput, Flag, Marking, Text
from cirt.inputs.several import Names
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.release.parts.commands import PreparePart

_OBJECTS = mark("Tick at least one object.")
_WHY = mark("Say why this may be known more widely; it stays in the house.")
_LONG = mark("Shorten this to 4000 characters.")
_RED = mark("A part with a lower marking is never TLP:RED. Choose another one.")


class PreparePartInput(CommandInput[PreparePart]):
    """The edge adds ``incident`` or ``release``."""

    command = PreparePart

    tlp = Marking()
    reason = Text(4000, missing=_WHY, long=_LONG)
    stix_ids = Names(missing=_OBJECTS)
    words = Text(4000, long=_LONG)
    keep_text = Flag()
    derived_from = Flag()

    def problems(self, command: PreparePart) -> dict[str, list[str]]:
        return {"tlp": [_RED]} if command.tlp is Tlp.RED else {}
