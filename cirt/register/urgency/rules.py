"""A first guess of how severe a report is, from what was ticked beside the text; a person decides. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from cirt.register.models import Affected, Lane, Severity

_POINTS = {Affected.OFFICE: 1, Affected.PERSONAL_DATA: 2, Affected.SERVICE: 3}
_LEVELS = (Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def guess_severity(
    lane: Lane | None, *, ongoing: bool | None, affected: Collection[Affected]
) -> Severity | None:
    """None where nothing was said: what comes by mail and from systems waits for a person.

    The gravest of what is affected counts, and one step more each for what goes on and for an essential
    service; a single person is one step less.
    """
    if lane is Lane.SPAM:
        return Severity.INFO
    if lane is None and ongoing is None and not affected:
        return None
    points = max((_POINTS[one] for one in affected), default=1)
    points += (ongoing is True) + (lane is Lane.OPERATOR) - (lane is Lane.CITIZEN)
    return _LEVELS[min(max(points, 0), len(_LEVELS) - 1)]


def guess_by(lane: Lane | None, circumstances: Mapping[str, Any] | None) -> Severity | None:
    """The same of what a report keeps as it was ticked."""
    ticked = circumstances or {}
    affected = [Affected(one) for one in ticked.get("affected", ())]
    return guess_severity(lane, ongoing=ticked.get("ongoing"), affected=affected)
