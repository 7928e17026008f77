"""What may be asked of playbooks. ``version`` is the one the asker saw; 0 is the included one."""

from dataclasses import dataclass

from cirt.register.playbooks.rules import Steps


@dataclass(frozen=True, slots=True)
class AddPlaybook:
    content: Steps


@dataclass(frozen=True, slots=True)
class EditPlaybook:
    slug: str
    version: int
    content: Steps
    offered: bool = True


@dataclass(frozen=True, slots=True)
class RestorePlaybook:
    """Set an included one back to what is included."""

    slug: str
    version: int


@dataclass(frozen=True, slots=True)
class ApplyPlaybook:
    incident: str
    slug: str
