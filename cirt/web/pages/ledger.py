"""What one peer holds of ours: what it fetched, what it was offered, what it was told is revoked."""

from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.parties.peers import find_peer
from cirt.release.holdings.of_peer import PeerFilter, Shown, held_page, is_behind
from cirt.release.recalling.letters.queries import letters_of
from cirt.release.recalling.models import LetterState, PeerLetter
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work
from cirt.web.stix_words import TYPES, type_words

bp = Blueprint("ledger", __name__)


class DayWrong(Invalid):
    code = "day-wrong"
    message = mark("“{given}” is no day. Enter one like 2026-12-18.")


@bp.get("/peers/<slug>/ledger")
def of_peer(slug: str) -> Response:
    args = {name: request.args.get(name, "").replace("\0", "") for name in _FIELDS}
    problem: Invalid | None = None
    wanted = _wanted(args)
    try:
        wanted = _with_days(wanted, args)
    except DayWrong as error:
        problem = error
    with open_work(write=False) as work:
        peer = find_peer(work.session, slug)
        shown = visible_facts(staff_reader(work.actor), None, work.now)
        page = held_page(work.session, peer.id, wanted, shown, request.args.get("page", ""))
        waiting = letters_of(
            work.session,
            PeerLetter.peer_id == peer.id,
            PeerLetter.state == LetterState.PREPARED,
        )
        behind = is_behind(work.session, peer.id)
    chosen = {**args, "show": wanted.shown.value}

    def to(cursor: str | None) -> str:
        return path_of("ledger.of_peer", slug=slug, **chosen, page=cursor) if cursor else ""

    return render(
        "peers/ledger.html",
        status_of(problem) if problem else HTTPStatus.OK,
        peer=peer,
        page=page,
        chosen=chosen,
        problem=i18n.say_error(problem) if problem else "",
        waiting=len(waiting),
        is_behind=behind,
        newer=to(page.newer),
        older=to(page.older),
        shows=_SHOWS,
        types=sorted({*TYPES, chosen["type"]} - {""}, key=type_words),
        sign=outward.sign,
    )


_FIELDS = ("type", "tlp", "first", "last", "show")
_LONGEST_TYPE = 250
_SHOWS = {
    Shown.HELD: mark("What it has fetched"),
    Shown.OFFERED: mark("Offered, not fetched yet"),
    Shown.RECALLED: mark("Revocations offered to it"),
}


def _wanted(args: dict[str, str]) -> PeerFilter:
    return PeerFilter(
        shown=Shown(args["show"]) if args["show"] in list(Shown) else Shown.HELD,
        type=args["type"].strip().lower()[:_LONGEST_TYPE],
        tlp=Tlp(args["tlp"]) if args["tlp"] in list(Tlp) else None,
    )


def _with_days(wanted: PeerFilter, args: dict[str, str]) -> PeerFilter:
    values: dict[str, Any] = {"shown": wanted.shown, "type": wanted.type, "tlp": wanted.tlp}
    first, last = _day(args["first"]), _day(args["last"])
    if last is not None:
        last += timedelta(days=1)
    return PeerFilter(**values, first=first, until=last)


def _day(given: str) -> datetime | None:
    if not given.strip():
        return None
    try:
        found = date.fromisoformat(given.strip()[:10])
    except ValueError:
        raise DayWrong(given=given[:40]) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise DayWrong(given=given[:40])
    return datetime.combine(found, time(), UTC)


_FIRST_YEAR, _LAST_YEAR = 1970, 9998
