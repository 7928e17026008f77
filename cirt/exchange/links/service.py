"""Links: which of a peer's collections we read or write, when, and how much of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange import trouble
from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.exchange.timing.cron import read_cron
from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.collections import find_collection

MIN_EVERY_S, MAX_EVERY_S = 1, 86_400
MIN_DAY_BYTES = 100_000  # less would not hold one page
_TYPE = re.compile(r"[a-z0-9][a-z0-9-]{1,248}[a-z0-9]\Z")  # STIX 2.1, section 3.1
_MOST_TYPES = 50


class NoSuchLink(NotFound):
    code = "no-such-link"
    message = mark("There is no link {id}. List them with: cirt link list.")


class LinkExists(Conflict):
    code = "link-exists"
    message = mark("There is already a link to {peer} for {remote} in this direction.")


class EveryWrong(Invalid):
    code = "every-wrong"
    message = mark("A link runs every {least} to {most} seconds, not every {every}.")


class FromOnlyForPush(Invalid):
    code = "from-only-for-push"
    message = mark("Only a push link is fed from a collection of ours.")


class TypeWrong(Invalid):
    code = "type-wrong"
    message = mark("“{type}” is no type of STIX objects. Write types such as indicator, malware.")


class ShareTooSmall(Invalid):
    code = "share-too-small"
    message = mark(
        "A day's share of {bytes} bytes would not hold one page. Give at least {least} bytes."
    )


class LinkHasWorked(Conflict):
    code = "link-has-worked"
    message = mark(
        "This link has reached {remote}, so that stays its collection. Add a link for the other one,"
        " and pause this one."
    )


class NothingToChoose(Conflict):
    code = "nothing-to-choose"
    message = mark("This link runs already. To read further back, change its start.")


@dataclass(frozen=True, slots=True)
class Terms:
    """When a link runs and how much of it; ``types`` empty is every type.

    ``remote`` is another collection of the peer, for a link that has never worked; None leaves it.
    """

    every_s: int = 300
    cron: str | None = None  # instead of every_s
    types: tuple[str, ...] = ()
    since: datetime | None = None  # only what was added after
    day_bytes: int | None = None
    remote: str | None = None

    def check(self) -> None:
        """
        Raises:
            EveryWrong, CronWrong, CronNever, TypeWrong, ShareTooSmall.
        """
        if not MIN_EVERY_S <= self.every_s <= MAX_EVERY_S:
            raise EveryWrong(least=MIN_EVERY_S, most=MAX_EVERY_S, every=self.every_s)
        if self.cron is not None:
            read_cron(self.cron)
        for each in self.types[: _MOST_TYPES + 1]:
            if not _TYPE.match(each) or len(self.types) > _MOST_TYPES:
                raise TypeWrong(type=each[:60])
        if self.day_bytes is not None and self.day_bytes < MIN_DAY_BYTES:
            raise ShareTooSmall(bytes=self.day_bytes, least=MIN_DAY_BYTES)


@dataclass(frozen=True, slots=True)
class AddLink:
    peer: str  # slug
    remote: str  # id or alias of the peer's collection
    direction: LinkDirection
    collection: str | None = None  # id or alias of ours, from which a push is fed
    every_s: int = 300
    since: datetime | None = None
    cron: str | None = None
    types: tuple[str, ...] = ()
    day_bytes: int | None = None
    waits_for_choice: bool = False  # a pull that begins when somebody has chosen from when on

    def terms(self) -> Terms:
        return Terms(self.every_s, self.cron, self.types, self.since, self.day_bytes)


def add_link(work: Work, cmd: AddLink) -> Link:
    """
    Raises:
        NoSuchPeer, NoSuchCollection, LinkExists, FromOnlyForPush, NotAllowed.
        EveryWrong, CronWrong, CronNever, TypeWrong, ShareTooSmall.
    """
    work.require("peer:write")
    terms = cmd.terms()
    terms.check()
    if cmd.collection and cmd.direction is LinkDirection.PULL:
        raise FromOnlyForPush
    peer = find_peer(work.session, cmd.peer)
    mine = find_collection(work.session, cmd.collection) if cmd.collection else None
    if _is_there(work.session, peer, cmd.direction, cmd.remote):
        raise LinkExists(peer=peer.slug, remote=cmd.remote)
    waits = cmd.waits_for_choice and cmd.direction is LinkDirection.PULL
    link = Link(
        peer_id=peer.id,
        direction=cmd.direction,
        remote=cmd.remote,
        collection_id=mine.id if mine else None,
        state=LinkState.ACTIVE,
        waits_for_choice=waits,
        error=trouble.ChoiceMissing.code if waits else None,
        error_values={},
        created_at=work.now,
        **_columns(terms),
    )
    work.session.add(link)
    work.session.flush()
    _audit(work, "link.add", link, peer)
    return link


def change_link(work: Work, link_id: int, terms: Terms) -> Link:
    """Another schedule, filter, start or share. Where more is read than before, the walk begins anew.

    Raises:
        NoSuchLink, LinkHasWorked, LinkExists, NotAllowed.
        EveryWrong, CronWrong, CronNever, TypeWrong, ShareTooSmall.
    """
    work.require("peer:write")
    terms.check()
    link = find_link(work.session, link_id, held=True)
    if terms.remote is not None and terms.remote != link.remote:
        _lead_elsewhere(work, link, terms.remote)
    if reads_more(link, terms):
        link.cursor = None  # what is known already is not taken twice
    if (terms.every_s, terms.cron) != (link.every_s, link.cron):
        link.set_at = work.now
    for name, value in _columns(terms).items():
        setattr(link, name, value)
    _try_again(link)
    _audit(work, "link.change", link, work.session.get_one(Peer, link.peer_id))
    return link


def _lead_elsewhere(work: Work, link: Link, remote: str) -> None:
    """To another collection, for the one it names may be mistyped."""
    if link.last_success_at is not None:
        raise LinkHasWorked(remote=link.remote)
    peer = work.session.get_one(Peer, link.peer_id)
    if _is_there(work.session, peer, link.direction, remote):
        raise LinkExists(peer=peer.slug, remote=remote)
    link.remote, link.cursor, link.estimate = remote, None, None


def _is_there(session: Session, peer: Peer, direction: LinkDirection, remote: str) -> bool:
    same = sa.exists().where(
        Link.peer_id == peer.id, Link.direction == direction, Link.remote == remote
    )
    return bool(session.scalar(sa.select(same)))


def reads_more(link: Link, terms: Terms) -> bool:
    """Whether what was passed over under the present terms is wanted under these."""
    earlier = link.since is not None and (terms.since is None or terms.since < link.since)
    wider = link.types is not None and (not terms.types or bool({*terms.types} - {*link.types}))
    return earlier or wider


def begin_link(work: Work, link_id: int, since: datetime | None) -> Link:
    """Choose from when on a link reads that was waiting for that; None: all that there is.

    Raises:
        NoSuchLink, NothingToChoose, NotAllowed.
    """
    work.require("peer:write")
    link = find_link(work.session, link_id)
    if not link.waits_for_choice:
        raise NothingToChoose
    link.since, link.waits_for_choice = since, False
    _try_again(link)
    if link.cron is None:
        link.retry_at = work.now  # at once; a calendar has its reasons
    _audit(work, "link.begin", link, work.session.get_one(Peer, link.peer_id))
    return link


def pause_link(work: Work, link_id: int) -> Link:
    return _set_state(work, link_id, LinkState.PAUSED, "link.pause")


def resume_link(work: Work, link_id: int) -> Link:
    """Go on; also where it waited after failures."""
    return _set_state(work, link_id, LinkState.ACTIVE, "link.resume")


def try_again(work: Work, slug: str) -> None:
    """The links of a peer need not wait any longer: how it is reached has changed."""
    for link, _ in links(work.session, find_peer(work.session, slug).id):
        if link.error != trouble.ShareUsed.code:
            link.failures, link.retry_at = 0, None


def links(session: Session, peer_id: int | None = None) -> Sequence[tuple[Link, Peer]]:
    query = sa.select(Link, Peer).join(Peer, Peer.id == Link.peer_id)
    if peer_id is not None:
        query = query.where(Link.peer_id == peer_id)
    return [(link, peer) for link, peer in session.execute(query.order_by(Peer.name, Link.id))]


def find_link(session: Session, link_id: int, *, held: bool = False) -> Link:
    """``held``: until commit no run moves its cursor.

    Raises:
        NoSuchLink.
    """
    lock = {"key_share": True} if held else None
    link = session.get(Link, link_id, populate_existing=held, with_for_update=lock)
    if link is None:
        raise NoSuchLink(id=link_id)
    return link


def terms_of(link: Link) -> Terms:
    return Terms(link.every_s, link.cron, tuple(link.types or ()), link.since, link.day_bytes)


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "every_s": terms.every_s,
        "cron": terms.cron,
        "types": sorted({*terms.types}) or None,
        "since": terms.since,
        "day_bytes": terms.day_bytes,
    }


def _try_again(link: Link) -> None:
    link.failures, link.retry_at = 0, None
    if link.error in (trouble.ChoiceMissing.code, trouble.ShareUsed.code):
        waits = link.waits_for_choice
        link.error, link.error_values = trouble.ChoiceMissing.code if waits else None, {}


def _set_state(work: Work, link_id: int, state: LinkState, act: str) -> Link:
    work.require("peer:write")
    link = find_link(work.session, link_id)
    if state is LinkState.ACTIVE:
        _try_again(link)
    if link.state is not state:
        link.state = state
        _audit(work, act, link, work.session.get_one(Peer, link.peer_id))
    return link


def _audit(work: Work, act: str, link: Link, peer: Peer) -> None:
    work.audit(
        act,
        f"link {link.id}",
        peer=peer.slug,
        direction=link.direction.value,
        remote=link.remote,
        every_s=link.every_s,
        cron=link.cron,
        types=link.types,
        since=link.since.isoformat() if link.since else None,
        day_bytes=link.day_bytes,
    )
