"""What a writer of files is given: one released version at a time, and what is said of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cirt.kernel.tlp import Tlp
from cirt.objects.observables.kinds import Observable
from cirt.objects.policies import Pap
from cirt.sharing.gate import Released


@dataclass(frozen=True, slots=True)
class Going:
    """``tlp`` and ``pap`` are what holds; ``content`` and ``observables`` are read out of the released bytes."""

    released: Released
    tlp: Tlp
    content: Mapping[str, Any]
    observables: tuple[Observable, ...]
    pap: Pap | None = None  # None: nothing said


@dataclass(frozen=True, slots=True)
class Label:
    """The container's: ``tlp`` is the strictest of its contents, ``levels`` are all that occur."""

    tlp: Tlp
    levels: tuple[Tlp, ...]
    at: datetime
    team: str
    identity_id: str


class Writer(Protocol):
    """Rows first, head and tail when all is known; ``between`` stands between rows.

    ``brings_definitions``: the definitions that the rows name come after them.
    """

    media_type: str
    ending: str
    between: bytes
    brings_definitions: bool

    def row(self, going: Going) -> bytes:
        """Empty for what this format has no place for."""

    def head(self, label: Label) -> bytes: ...

    def tail(self, label: Label) -> bytes: ...


def file_name(label: Label, ending: str) -> str:
    """With the marking, and without a name of anything or anybody."""
    level = label.tlp.value.replace("+", "-")
    return f"tlp-{level}-{label.at:%Y%m%d-%H%M%S}.{ending}"
