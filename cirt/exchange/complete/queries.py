"""A check as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cirt.exchange.complete.models import CheckState
from cirt.exchange.complete.service import find_check
from cirt.exchange.models import Link
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.work import Work
from cirt.parties.models import Peer


@dataclass(frozen=True, slots=True)
class CheckView:
    """``message`` is why it ended early, marked, with {values}; ``held`` are the versions that are here."""

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
    message: str
    values: Mapping[str, Any]

    @property
    def held(self) -> int:
        return self.taken + self.known

    @property
    def is_at_work(self) -> bool:
        at_work = (CheckState.ASKED, CheckState.RUNNING)
        return self.state in at_work or self.again_state in at_work


def check_view(work: Work, check_id: int) -> CheckView:
    """
    Raises:
        NoSuchCheck.
    """
    check = find_check(work, check_id)
    link = work.session.get_one(Link, check.link_id)
    peer = work.session.get_one(Peer, link.peer_id)
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
        message=LINK_ERRORS.get(check.error or "", ""),
        values=check.error_values,
    )
