"""What peers did not take of what we sent, in their own words: sent once more, or let be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.models import Link, Outgoing
from cirt.kernel.errors import NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.register.pages import Order, Page, Query, read_page
from cirt.sharing.red import shown_objects


class NoSuchRefusal(NotFound):
    code = "no-such-refusal"
    message = mark("Number {id} is no refusal of a peer that waits for somebody to look.")


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """``words`` are the peer's, untrusted."""

    id: int
    peer: str
    slug: str
    remote: str
    stix_id: str
    version_text: str
    words: str
    queued_at: datetime
    refused_at: datetime | None


def refusals(
    work: Work, *, peer: str | None = None, cursor: str | None = None
) -> Page[RefusalLine]:
    """What waits for somebody to look, of what the actor may see; ``peer`` is a slug."""
    query: Query = (
        sa.select(
            Outgoing.id,
            Peer.name,
            Peer.slug,
            Link.remote,
            StixObject.stix_id,
            ObjectVersion.version_text,
            Outgoing.failure,
            Outgoing.queued_at,
            Outgoing.refused_at,
        )
        .join(Link, Link.id == Outgoing.link_id)
        .join(Peer, Peer.id == Link.peer_id)
        .join(ObjectVersion, ObjectVersion.id == Outgoing.version_id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(*_OPEN, shown_objects(work))
    )
    if peer:
        query = query.where(Peer.slug == peer)
    order = Order(Outgoing.queued_at, Outgoing.id, newest_first=True)
    return read_page(work.session, query, order, cursor).of(_line)


def count_refusals(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Outgoing).where(*_OPEN)) or 0


def retry(work: Work, outgoing_id: int) -> None:
    """It waits on its link again; the gate decides anew when the next run sends it.

    Raises:
        NoSuchRefusal, NotAllowed.
    """
    row = _locked(work, outgoing_id)
    row.failure = row.status_id = row.refused_at = None
    work.audit("push.retry", f"outgoing-{row.id}", link=row.link_id)


def let_be(work: Work, outgoing_id: int) -> None:
    """Somebody has read the refusal: it is not sent again.

    Raises:
        NoSuchRefusal, NotAllowed.
    """
    row = _locked(work, outgoing_id)
    row.given_up_at, row.given_up_by_id = work.now, work.actor.id
    work.audit("push.let-be", f"outgoing-{row.id}", link=row.link_id)


_OPEN = (
    Outgoing.sent_at.is_(None),
    Outgoing.failure.is_not(None),
    Outgoing.given_up_at.is_(None),
)


def _locked(work: Work, outgoing_id: int) -> Outgoing:
    work.require("sync:run")
    query = sa.select(Outgoing).where(Outgoing.id == outgoing_id, *_OPEN)
    row = work.session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise NoSuchRefusal(id=outgoing_id)
    return row


def _line(row: sa.Row[Any]) -> RefusalLine:
    return RefusalLine(
        row.id,
        row.name,
        row.slug,
        row.remote,
        row.stix_id,
        row.version_text,
        row.failure,
        row.queued_at,
        row.refused_at,
    )
