"""Closed sets of an incident's facts."""

from enum import IntEnum, StrEnum

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp


class Pap(StrEnum):
    """Permissible Actions Protocol: what may be done with what the incident tells."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def label(self) -> str:
        return f"PAP:{self.value.upper()}"


PAP_WORDS = {
    Pap.CLEAR: mark("Anything may be done with it."),
    Pap.GREEN: mark("Block it and look for it; do nothing that touches the attacker's systems."),
    Pap.AMBER: mark("Look it up passively only; nothing that the attacker could notice."),
    Pap.RED: mark("Use it inside our own systems only, and ask nobody else about it."),
}

# An incident without a PAP of its own takes the one that fits how far it may be told.
PAP_OF_TLP = {
    Tlp.CLEAR: Pap.CLEAR,
    Tlp.GREEN: Pap.GREEN,
    Tlp.AMBER: Pap.AMBER,
    Tlp.AMBER_STRICT: Pap.AMBER,
    Tlp.RED: Pap.RED,
}


class Priority(IntEnum):
    """The order of work, apart from how severe it is."""

    AT_ONCE = 1
    SOON = 2
    NORMAL = 3
    LATER = 4


PRIORITY_WORDS = {
    Priority.AT_ONCE: mark("1, at once"),
    Priority.SOON: mark("2, soon"),
    Priority.NORMAL: mark("3, in turn"),
    Priority.LATER: mark("4, when there is time"),
}


class FacetKind(StrEnum):
    """What an incident can have several of."""

    CLASS = "class"  # beside the primary one: fraud/phishing, or intrusions/ without a type
    SECTOR = "sector"  # industry-sector-ov of STIX 2.1, section 10.14, as agreements name them
    COUNTRY = "country"  # ISO 3166-1 alpha-2
