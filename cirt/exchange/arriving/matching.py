"""What peers bring meets what our incidents hold: told once, and not of what was old when we began to listen."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from cirt.exchange.arriving.doors import Door
from cirt.exchange.models import Run
from cirt.kernel.work import Work
from cirt.objects.codec import StixObject
from cirt.objects.store import Kept, Stored
from cirt.parties.models import Peer
from cirt.register.matches.arriving import Came, tell_of_arrivals


def tell_of_matches(
    work: Work, new: Sequence[StixObject], stored: Sequence[Stored], door: Door, peer: Peer
) -> None:
    naming = [one for one in new if one.observables and not one.revoked]
    if not naming:
        return
    numbers = {one.stix_id: one.object_id for one in stored if one.outcome is Kept.NEW}
    came = [
        Came(
            numbers[one.stix_id],
            one.version_us,
            one.valid_until_us,
            {each.key: each for each in one.observables},
        )
        for one in naming
    ]
    since = _first_run(work.session, door.run_id) or peer.created_at
    tell_of_arrivals(work, came, since, door.run_id)


def _first_run(session: Session, run_id: int | None) -> datetime | None:
    """When the link of this run was read for the first time; what is older comes from before we knew one another."""
    if run_id is None:
        return None
    first = aliased(Run)
    query = (
        sa.select(first.started_at)
        .join(Run, Run.link_id == first.link_id)
        .where(Run.id == run_id)
        .order_by(first.started_at)
        .limit(1)
    )
    return session.scalars(query).one_or_none()
