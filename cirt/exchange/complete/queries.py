"""A check as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cirt.exchange.complete.models import CheckState, ManifestCheck
from cirt.exchange.complete.service import find_check, is_at_work
from cirt.exchange.models import Link, Run
from cirt.exchange.trouble import LINK_ERRORS, CheckBrokenOff
from cirt.kernel.work import Work
from cirt.parties.models import Peer


@dataclass(frozen=True, slots=True)
class CheckView:
    """``message`` is why it ended early, marked, with {values}; ``again_message`` the same of asking for what is missing.

    ``held`` are the versions that are here.
    """

    id: int
    link_id: int
    peer: str
    slug: str
    remote: str
    state: CheckState
    again_state: CheckState | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    pages: int
    offered: int
    taken: int
    known: int
    quarantined: int
    missing_count: int
    missing: Sequence[Sequence[str]]
    again_came: int
    limited_by: str
    again_message: str
    again_values: Mapping[str, Any]
    message: str
    values: Mapping[str, Any]
    is_at_work: bool

    @property
    def held(self) -> int:
        return self.taken + self.known


def check_view(work: Work, check_id: int) -> CheckView:
    """
    Raises:
        NoSuchCheck.
    """
    check = find_check(work, check_id)
    link = work.session.get_one(Link, check.link_id)
    peer = work.session.get_one(Peer, link.peer_id)
    at_work = is_at_work(work, check)
    again_error, again_values = ("", {}) if at_work else _again_ended(work, check)
    is_broken_off = not at_work and check.state not in (CheckState.DONE, CheckState.FAILED)
    error = CheckBrokenOff.code if is_broken_off else check.error
    return CheckView(
        id=check.id,
        link_id=link.id,
        peer=peer.name,
        slug=peer.slug,
        remote=link.remote,
        state=check.state,
        again_state=check.again_state,
        asked_by=check.asked_by,
        asked_at=check.asked_at,
        ended_at=check.ended_at,
        pages=check.pages,
        offered=check.offered,
        taken=check.taken,
        known=check.known,
        quarantined=check.quarantined,
        missing_count=check.missing_count,
        missing=check.missing,
        again_came=check.again_came,
        limited_by=check.limited_by or "",
        again_message=LINK_ERRORS.get(again_error, ""),
        again_values=again_values,
        message=LINK_ERRORS.get(error or "", ""),
        values=check.error_values,
        is_at_work=at_work,
    )


def _again_ended(work: Work, check: ManifestCheck) -> tuple[str, Mapping[str, Any]]:
    """The code, with its values, of why asking for what is missing ended early."""
    if check.again_state in (None, CheckState.DONE):
        return "", {}
    run = work.session.get(Run, check.again_run_id) if check.again_run_id else None
    if run is None or not run.error:
        return CheckBrokenOff.code, {}
    return run.error, run.error_values
