"""The phases of handling an incident, by which tasks and playbooks are sorted."""

from enum import StrEnum

from cirt.kernel.text import mark


class Phase(StrEnum):
    IDENTIFY = "identify"
    CONTAIN = "contain"
    ERADICATE = "eradicate"
    RECOVER = "recover"
    LEARN = "learn"


PHASES = {
    Phase.IDENTIFY: mark("Identify"),
    Phase.CONTAIN: mark("Contain"),
    Phase.ERADICATE: mark("Remove the cause"),
    Phase.RECOVER: mark("Recover"),
    Phase.LEARN: mark("Learn"),
}
