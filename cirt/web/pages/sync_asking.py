"""Sync, to the peers: a letter about what one of them sent, and what they did not take of what we sent."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.cases.asking import NothingWritten, prepared
from cirt.exchange.cases.asking import ask_peer as ask
from cirt.exchange.cases.queries import quarantine_line
from cirt.exchange.refusals import let_be as leave
from cirt.exchange.refusals import refusals
from cirt.exchange.refusals import retry as send_again
from cirt.inputs.exchange import AskPeerInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.parties.peers import peers
from cirt.release.errors import AddressWrong
from cirt.sharing.agreements.queries import contacts_of
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.sync import bp, line_words
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work, this_program


@bp.get("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/ask")
def ask_peer(arrival_id: int) -> Response:
    return _letter_page(arrival_id, Form())


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/ask")
def send_question(arrival_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            ask(work, AskPeerInput().read(sent(), arrival_id=arrival_id))
    except (FieldsInvalid, NothingWritten) as error:
        return _letter_page(arrival_id, refused(error, at="text"), status_of(error))
    except AddressWrong as error:
        return _letter_page(arrival_id, refused(error, at="address"), status_of(error))
    return redirect(
        path_of("sync.arrival", arrival_id=arrival_id, done="asked"), HTTPStatus.SEE_OTHER
    )


def _letter_page(arrival_id: int, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        line = quarantine_line(work.session, arrival_id)
        if line is None or line.slug is None:
            raise NotFound
        offered = prepared(work, arrival_id)
        contacts = contacts_of(work.session, {line.slug}).get(line.slug, [])
    return render(
        "sync/ask.html",
        status,
        form=form,
        it=line,
        offered=offered,
        contacts=contacts,
        can_mail=bool(this_program().settings.smtp_host),
    )


@bp.get("/sync/outgoing")
def outgoing() -> Response:
    wanted = request.args.get("peer", "")
    with open_work(write=False) as work:
        known = peers(work.session)
        peer = wanted if wanted in {each.slug for each in known} else ""
        page = refusals(work, peer=peer, cursor=request.args.get("page"))
    return render(
        "sync/outgoing.html",
        page=page,
        peers=known,
        peer=peer,
        done=request.args.get("done", ""),
        ways=ways_on(page, "sync.outgoing", peer=peer or None),
        sentence=line_words()["sentence"],
    )


@bp.post("/sync/outgoing/<int(max=9223372036854775807):outgoing_id>/retry")
def retry(outgoing_id: int) -> AnyResponse:
    with open_work() as work:
        send_again(work, outgoing_id)
    return redirect(path_of("sync.outgoing", done="retried"), HTTPStatus.SEE_OTHER)


@bp.post("/sync/outgoing/<int(max=9223372036854775807):outgoing_id>/drop")
def let_be(outgoing_id: int) -> AnyResponse:
    with open_work() as work:
        leave(work, outgoing_id)
    return redirect(path_of("sync.outgoing", done="left"), HTTPStatus.SEE_OTHER)
