"""Saving and dropping views, and those that one sees: one's own and the team's."""

from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.register.views.commands import DropView, SaveView
from cirt.register.views.models import SavedView

KEPT = ("view", "source", "lane", "sector", "words", "tlp", "days", "late", "sort")
MOST = 20
_LONGEST = 400


class NoSuchView(NotFound):
    code = "no-such-view"


class TooManyViews(Conflict):
    code = "too-many-views"
    message = mark("You have {limit} saved views. Delete one first.")


def views_of(work: Work) -> list[SavedView]:
    """One's own and those shared with the team, by name. What others share crowds none of one's own out."""
    is_own = SavedView.owner_id == work.actor.id
    query = sa.select(SavedView).where(sa.or_(is_own, SavedView.shared.is_(True)))
    by_name = (SavedView.name, SavedView.id)
    found = work.session.scalars(query.order_by(sa.not_(is_own), *by_name).limit(2 * MOST))
    return sorted(found, key=lambda view: (view.name, view.id))


def save_view(work: Work, cmd: SaveView) -> SavedView:
    """
    Raises:
        TooManyViews, NotAllowed.
    """
    work.require("report:decide")
    own = sa.select(sa.func.count()).where(SavedView.owner_id == work.actor.id)
    if (work.session.scalar(own) or 0) >= MOST:
        raise TooManyViews(limit=MOST)
    view = SavedView(
        owner_id=work.actor.id,
        name=cmd.name,
        query=narrowing(cmd.query),
        shared=cmd.shared,
        saved_at=work.now,
    )
    work.session.add(view)
    work.session.flush()
    return view


def drop_view(work: Work, cmd: DropView) -> None:
    """One's own; a lead may also drop what others share.

    Raises:
        NoSuchView, NotAllowed.
    """
    work.require("report:decide")
    view = work.session.get(SavedView, cmd.view_id)
    is_own = view is not None and view.owner_id == work.actor.id
    if view is None or not (is_own or (view.shared and work.actor.may("incident:merge"))):
        raise NoSuchView
    work.session.delete(view)
    work.session.flush()


def narrowing(query: str) -> str:
    """What of a query string narrows or sorts the queue; neither page nor selection."""
    pairs = parse_qsl(query[:_LONGEST], max_num_fields=50)
    return urlencode(
        [(name, value) for name, value in pairs if name in KEPT and value and "\0" not in value]
    )
