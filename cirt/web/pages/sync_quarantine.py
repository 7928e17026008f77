"""Quarantine: what came and was not taken, and the ways on with one arrival."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.cases.asking import letters_about
from cirt.exchange.cases.comparing import conflict_of
from cirt.exchange.cases.decided import decisions
from cirt.exchange.cases.deciding import drop_arrival as drop
from cirt.exchange.cases.deciding import is_undoable, undo_drop
from cirt.exchange.cases.deciding import take_arrival as take
from cirt.exchange.cases.errors import CannotUndo, NothingKept, NotTakeable, SayWhichIsRight
from cirt.exchange.cases.kinds import Case
from cirt.exchange.cases.queries import (
    Age,
    Wanted,
    elsewhere,
    quarantine_line,
    quarantine_page,
    waiting_alike,
)
from cirt.exchange.cases.showing import shown_bytes
from cirt.exchange.models import Outcome
from cirt.exchange.room import MOST, full_peers
from cirt.inputs.exchange import DecideInput
from cirt.kernel.errors import FieldsInvalid, NotFound
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.peers import peers
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, member, refused, sent
from cirt.web.frame import render
from cirt.web.pages.sync import bp, line_words
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

CONSOLE = "-"  # in the filter by peer: what the console imported
_FAULTS = (FieldsInvalid, ReasonNeeded, NotTakeable, NothingKept, SayWhichIsRight, CannotUndo)


@bp.get("/sync/quarantine")
def quarantine() -> Response:
    args = request.args
    with open_work(write=False) as work:
        known = peers(work.session)
        peer = args.get("peer", "")
        peer = peer if peer in {each.slug for each in known} | {CONSOLE} else ""
        outcome = member(Outcome, args.get("outcome", ""))
        wanted = Wanted(
            peer="" if peer == CONSOLE else peer or None,
            outcome=outcome if outcome in outward.OUTCOMES else None,
            case=member(Case, args.get("case", "")),
            age=member(Age, args.get("age", "")),
            settled=args.get("view") == "settled",
        )
        page = quarantine_page(work.session, wanted, work.now, args.get("page"))
        groups = [] if wanted.settled else waiting_alike(work.session, wanted, work.now)
        full = full_peers(work.session)
        known_decisions = decisions(work.session, work.now)
    chosen = {
        "peer": peer or None,
        "outcome": wanted.outcome,
        "case": wanted.case,
        "age": wanted.age,
        "view": "settled" if wanted.settled else None,
    }
    return render(
        "sync/quarantine.html",
        page=page,
        groups=groups,
        full=full,
        most=MOST >> 20,
        wanted=wanted,
        chosen=chosen,
        peers=known,
        is_filtered=any(value for name, value in chosen.items() if name != "view"),
        decisions=known_decisions,
        asked=next(
            (it for it in known_decisions if str(it.decision.id) == args.get("decision")), None
        ),
        address=lambda **changed: path_of("sync.quarantine", **{**chosen, **changed}),
        **line_words(),
    )


@bp.get("/sync/quarantine/<int(max=9223372036854775807):arrival_id>")
def arrival(arrival_id: int) -> Response:
    return arrival_page(arrival_id, Form())


def arrival_page(arrival_id: int, form: Form, status: int = 200) -> Response:
    with open_work(write=False) as work:
        line = quarantine_line(work.session, arrival_id)
        if line is None:
            raise NotFound
        conflict = conflict_of(work, arrival_id)
        content = shown_bytes(work, arrival_id)
        letters = letters_about(work, arrival_id)
        twins = elsewhere(work.session, line)
        named = {each.id: each for each in peers(work.session)}
    return render(
        "sync/arrival.html",
        status,
        form=form,
        it=line,
        conflict=conflict,
        first=named.get(conflict.origin_id or 0) if conflict else None,
        content=content,
        letters=letters,
        twins=twins,
        letter_signs=outward.LETTERS,
        can_undo=is_undoable(line.settled_as, line.settled_at, visit().now),
        done=request.args.get("done", ""),
        **line_words(),
    )


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/take")
def take_arrival(arrival_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            answer = take(work, DecideInput().read(sent(), arrival_id=arrival_id))
    except _FAULTS as error:
        return arrival_page(arrival_id, refused(error, at="reason"), status_of(error))
    is_in = answer.outcome in (Outcome.TAKEN, Outcome.KNOWN)
    done = answer.outcome.value if is_in else "still"
    return redirect(path_of("sync.arrival", arrival_id=arrival_id, done=done), HTTPStatus.SEE_OTHER)


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/drop")
def drop_arrival(arrival_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            drop(work, DecideInput().read(sent(), arrival_id=arrival_id))
    except _FAULTS as error:
        return arrival_page(arrival_id, refused(error, at="reason"), status_of(error))
    return redirect(
        path_of("sync.arrival", arrival_id=arrival_id, done="dropped"), HTTPStatus.SEE_OTHER
    )


@bp.post("/sync/quarantine/<int(max=9223372036854775807):arrival_id>/undo")
def undo_arrival(arrival_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            undo_drop(work, arrival_id)
    except _FAULTS as error:
        return arrival_page(arrival_id, refused(error, at=""), status_of(error))
    return redirect(
        path_of("sync.arrival", arrival_id=arrival_id, done="undone"), HTTPStatus.SEE_OTHER
    )
