"""Links: added with a look at what follows, changed, paused, and begun from a chosen day on."""

from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.health import link_health
from cirt.exchange.links import probing
from cirt.exchange.links.budget import MEGABYTE, used_on
from cirt.exchange.links.estimating import Estimate, OnlyForPull
from cirt.exchange.links.foreseeing import Foreseen, foresee
from cirt.exchange.links.now import LinkBusy, LinkByFile, LinkRests
from cirt.exchange.links.service import (
    EveryWrong,
    FromOnlyForPush,
    LinkExists,
    LinkHasWorked,
    NothingToChoose,
    ShareTooSmall,
    TypeWrong,
    add_link,
    begin_link,
    change_link,
    find_link,
    pause_link,
    reads_more,
    resume_link,
    terms_of,
)
from cirt.exchange.models import Link, LinkDirection
from cirt.exchange.queries import next_try
from cirt.exchange.timing.cron import CronNever, CronWrong
from cirt.inputs.links import AddLinkInput, BeginInput, TermsInput, write_span
from cirt.kernel.errors import CirtError, FieldsInvalid
from cirt.parties.errors import NoSuchPeer
from cirt.parties.models import Peer, PeerState
from cirt.parties.peers import find_peer, peers
from cirt.release.collections import collections
from cirt.release.errors import NoSuchCollection
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.sync import bp, line_words
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

_FIELD_OF: dict[type[CirtError], str] = {
    CronWrong: "cron",
    CronNever: "cron",
    EveryWrong: "every_s",
    TypeWrong: "types",
    ShareTooSmall: "day_bytes",
    FromOnlyForPush: "collection",
    NoSuchCollection: "collection",
    LinkExists: "remote",
    LinkHasWorked: "remote",
    NoSuchPeer: "peer",
}
_REFUSED: tuple[type[CirtError], ...] = (FieldsInvalid, *_FIELD_OF)


@bp.get("/sync/links/new")
def new_link() -> Response:
    return _new_page(Form({"peer": request.args.get("peer", "")}))


@bp.post("/sync/links/new")
def add() -> AnyResponse:
    """Look at what follows first, then save."""
    try:
        cmd = AddLinkInput().read(sent(without=["do"]), waits_for_choice=True)
        cmd.terms().check()
        if wants("do") != "save":
            with open_work(write=False) as work:
                found = foresee(work, cmd)
            return _new_page(Form(request.form.to_dict()), foreseen=found)
        with open_work() as work:
            link_id = add_link(work, cmd).id
            is_awake = find_peer(work.session, cmd.peer).state is PeerState.ACTIVE
            if cmd.direction is LinkDirection.PULL and is_awake:
                probing.ask_estimate(work, link_id)
    except _REFUSED as error:
        return _new_page(refused(error, at=_field_of(error)), status_of(error))
    return _back(link_id, "added")


@bp.get("/sync/links/<int(max=2147483647):link_id>")
def link(link_id: int) -> Response:
    return _page(link_id, Form())


@bp.post("/sync/links/<int(max=2147483647):link_id>/terms")
def change(link_id: int) -> AnyResponse:
    """Where more would be read than before, that is said first."""
    try:
        terms = TermsInput().read(sent(without=["do"]))
        terms.check()
        with open_work() as work:
            work.require("peer:write")
            is_more = reads_more(find_link(work.session, link_id), terms)
            if not is_more or wants("do") == "sure":
                change_link(work, link_id, terms)
                return _back(link_id, "changed")
    except _REFUSED as error:
        return _page(link_id, refused(error, at=_field_of(error)), status_of(error))
    return _page(link_id, Form(request.form.to_dict()), asks=True)


@bp.post("/sync/links/<int(max=2147483647):link_id>/begin")
def begin(link_id: int) -> AnyResponse:
    try:
        since = BeginInput().read(sent()).since
        with open_work() as work:
            begin_link(work, link_id, since)
    except FieldsInvalid as error:
        names = {"since": "begin_since"}
        return _page(link_id, refused(error, names=names), status_of(error))
    except NothingToChoose as error:
        return _page(link_id, Form(), status_of(error), conflict=i18n.say_error(error))
    return _back(link_id, "begun")


@bp.post("/sync/links/<int(max=2147483647):link_id>/pause")
def pause(link_id: int) -> AnyResponse:
    with open_work() as work:
        pause_link(work, link_id)
    return _back(link_id, "paused")


@bp.post("/sync/links/<int(max=2147483647):link_id>/resume")
def resume(link_id: int) -> AnyResponse:
    with open_work() as work:
        resume_link(work, link_id)
    return _back(link_id, "resumed")


@bp.post("/sync/links/<int(max=2147483647):link_id>/estimate")
def estimate(link_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            probing.ask_estimate(work, link_id)
    except (OnlyForPull, LinkRests, LinkByFile, LinkBusy) as error:
        return _page(link_id, Form(), status_of(error), conflict=i18n.say_error(error))
    return _back(link_id, "asked")


@bp.post("/sync/links/<int(max=2147483647):link_id>/rehearse")
def rehearse(link_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            probing.ask_rehearsal(work, link_id)
    except (LinkRests, LinkByFile, LinkBusy) as error:
        return _page(link_id, Form(), status_of(error), conflict=i18n.say_error(error))
    return _back(link_id, "asked")


def _field_of(error: CirtError) -> str:
    return _FIELD_OF.get(type(error), "")


def _back(link_id: int, done: str) -> AnyResponse:
    return redirect(path_of("sync.link", link_id=link_id, done=done), 303)


def _new_page(
    form: Form, status: int = HTTPStatus.OK, *, foreseen: Foreseen | None = None
) -> Response:
    with open_work(write=False) as work:
        work.require("peer:write")
        known, mine = peers(work.session), collections(work.session)
    return render(
        "sync/link_new.html",
        status,
        form=form,
        foreseen=foreseen,
        peers=[(each.slug, each.name) for each in known],
        mine=[(each.alias, each.title) for each in mine],
        standings=outward.STANDINGS,
        **line_words(),
    )


def _page(
    link_id: int,
    form: Form,
    status: int = HTTPStatus.OK,
    *,
    conflict: str = "",
    asks: bool = False,
) -> Response:
    with open_work(write=False) as work:
        it = find_link(work.session, link_id)
        peer = work.session.get_one(Peer, it.peer_id)
        [health] = [each for each in link_health(work.session, peer.id) if each.id == link_id]
        used = used_on(work.session, link_id, work.now.date())
        asked = probing.asked_for(work, link_id)
    return render(
        "sync/link.html",
        status,
        form=form if form.values else Form(_typed(it), form.errors),
        it=it,
        peer=peer,
        health=health,
        next_at=next_try(health, visit().now),
        used_mb=used / MEGABYTE,
        waits=asked,
        asks=asks,
        conflict=conflict,
        done=request.args.get("done", ""),
        **_probed(it),
        **line_words(),
    )


def _probed(it: Link) -> dict[str, Any]:
    found = Estimate.from_data(it.estimate) if it.estimate else None
    return {"estimate": found, "rehearsal": it.rehearsal}


def _typed(it: Link) -> dict[str, str]:
    terms = terms_of(it)
    megabytes = f"{terms.day_bytes / MEGABYTE:g}" if terms.day_bytes else ""
    return {
        "every_s": write_span(terms.every_s),
        "cron": terms.cron or "",
        "types": ", ".join(terms.types),
        "since": terms.since.date().isoformat() if terms.since else "",
        "day_bytes": megabytes,
        "remote": it.remote,
    }
