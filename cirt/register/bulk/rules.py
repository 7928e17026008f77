"""Which reports an act can be done to, and why not to the others. Pure."""

from dataclasses import dataclass

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.register.bulk.models import BulkDo
from cirt.register.models import ReportState
from cirt.register.workflow import WAITING

_CHANGED = mark("It changed since you ticked it.")
_DECIDED = mark("It is decided already.")
_MERGED = mark("It is merged into another report.")
_MINE = mark("You have claimed it already.")
_THEIRS = mark("Somebody else has claimed it.")
_RED = mark("TLP:RED reports are decided one by one.")


@dataclass(frozen=True, slots=True)
class Ticked:
    """A ticked report as it is now."""

    state: ReportState
    tlp: Tlp
    version: int
    version_ticked: int
    claimed_by_me: bool


def hindrance(do: BulkDo, report: Ticked) -> str | None:
    """Why it cannot be done to this one, as a marked sentence."""
    if report.state is ReportState.MERGED:
        return _MERGED
    if report.tlp is Tlp.RED and do is not BulkDo.CLAIM:
        return _RED
    if report.state not in WAITING and do is not BulkDo.MERGE:
        return _DECIDED
    if do is BulkDo.CLAIM and report.state is ReportState.CLAIMED:
        return _MINE if report.claimed_by_me else _THEIRS
    return _CHANGED if report.version != report.version_ticked else None
