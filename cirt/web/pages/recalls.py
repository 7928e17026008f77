"""Taking back: an indicator, another's object, a release or a part of it; who has read of it, and the letters."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.release import (
    RecallReleaseInput,
    RevokeInput,
    SendLetterInput,
    WithdrawInput,
)
from cirt.kernel.errors import Conflict, FieldsInvalid, NotFound
from cirt.kernel.work import Work
from cirt.objects.index import names_of
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.release.errors import (
    AddressWrong,
    AlreadyRevoked,
    LetterPast,
    NothingOffered,
    NothingToRecall,
    NotOurObject,
    NotYourIncident,
    OursToRevoke,
)
from cirt.release.recalling.consequences import consequences
from cirt.release.recalling.letters.queries import last_addresses
from cirt.release.recalling.letters.service import ask_reminder, drop_letter, send_letter
from cirt.release.recalling.queries import recall_page, recalls_of
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.recalling.rights import may_recall
from cirt.release.recalling.service import left_of, recall_release
from cirt.release.recalling.withdrawing import author_of, is_released, newest_facts, withdraw
from cirt.release.requests import get_proposal
from cirt.sharing.agreements.queries import contacts_of
from cirt.sharing.red import shown_objects
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.indicator_view import look_up
from cirt.web.pages.indicators import bp as indicators
from cirt.web.pages.releases import bp as releases
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program


@indicators.get("/indicators/<stix_id>/revoke")
def revoke(stix_id: str) -> Response:
    return _revoke_page(stix_id, Form())


@indicators.post("/indicators/<stix_id>/revoke")
def save_revoke(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            revoke_indicator(work, RevokeInput().read(sent(), stix_id=stix_id))
    except (FieldsInvalid, ReasonNeeded, AlreadyRevoked, NotOurObject, NotYourIncident) as error:
        return _revoke_page(stix_id, refused(error, at="reason"), status_of(error))
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done="revoked"), 303)


@indicators.post("/indicators/<stix_id>/withdraw")
def save_withdraw(stix_id: str) -> AnyResponse:
    try:
        with open_work() as work:
            withdraw(work, WithdrawInput().read(sent(), stix_id=stix_id))
    except (FieldsInvalid, ReasonNeeded, OursToRevoke, NothingOffered, NotYourIncident) as error:
        return _revoke_page(stix_id, refused(error, at="reason"), status_of(error))
    return redirect(path_of("indicators.indicator", stix_id=stix_id, done="withdrawn"), 303)


def _revoke_page(stix_id: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("indicator:write")
        shown = look_up(work, stix_id)
        object_id = shown.listed.object_id
        author = author_of(work.session, newest_facts(work.session, object_id))
        peer = work.session.get(Peer, author) if author else None
        values = {
            "becomes": consequences(work, [object_id]),
            "may_act": may_recall(work, object_id),
            "is_released": is_released(work.session, object_id),
        }
    name = peer.name if peer else ""
    return render("indicators/revoke.html", status, form=form, it=shown, author=name, **values)


@indicators.get("/indicators/<stix_id>/recall")
def recall(stix_id: str) -> Response:
    return _recall_page(stix_id, Form())


@indicators.post("/indicators/<stix_id>/recall/remind")
def remind(stix_id: str) -> AnyResponse:
    """Prepare a reminder to one peer that has not fetched the newest revocation."""
    try:
        with open_work() as work:
            recalls = recalls_of(work, look_up(work, stix_id).listed.object_id)
            peer = find_peer(work.session, sent().get("peer", "").replace("\0", ""))
            if not recalls:
                raise LetterPast
            ask_reminder(work, recalls[0].id, peer.id)
    except (Conflict, NotYourIncident) as error:
        return _recall_page(stix_id, refused(error), status_of(error))
    return redirect(path_of("indicators.recall", stix_id=stix_id, done="prepared"), 303)


@indicators.post("/indicators/<stix_id>/recall/letters/<int(max=9223372036854775807):letter>/send")
def send_letter_now(stix_id: str, letter: int) -> AnyResponse:
    return _with_letter(stix_id, letter, "letter")


@indicators.post("/indicators/<stix_id>/recall/letters/<int(max=9223372036854775807):letter>/drop")
def lay_aside(stix_id: str, letter: int) -> AnyResponse:
    return _with_letter(stix_id, letter, "dropped")


def _with_letter(stix_id: str, letter: int, act: str) -> AnyResponse:
    try:
        with open_work() as work:
            _check_of(work, stix_id, letter)
            if act == "letter":
                send_letter(work, SendLetterInput().read(sent(), letter=letter))
            else:
                drop_letter(work, letter)
    except (FieldsInvalid, AddressWrong) as error:
        return _recall_page(stix_id, refused(error, at="address"), status_of(error), letter)
    except (LetterPast, NotYourIncident) as error:
        return _recall_page(stix_id, refused(error), status_of(error))
    return redirect(path_of("indicators.recall", stix_id=stix_id, done=act), 303)


def _check_of(work: Work, stix_id: str, letter: int) -> None:
    """The letter is about this object, which the actor may see.

    Raises:
        NotFound.
    """
    recalls = recalls_of(work, look_up(work, stix_id).listed.object_id)
    if not any(each.id == letter for one in recalls for each in one.letters):
        raise NotFound


def _recall_page(
    stix_id: str, form: Form, status: int = HTTPStatus.OK, failed_letter: int = 0
) -> Response:
    with open_work(write=False) as work:
        shown = look_up(work, stix_id)
        letters = [each for one in shown.recalls for each in one.letters]
        slugs = {each.slug for each in letters}
        addresses = last_addresses(work.session, slugs)
        contacts = contacts_of(work.session, slugs)
    return render(
        "indicators/recall.html",
        status,
        form=form,
        it=shown,
        done=request.args.get("done", ""),
        addresses=addresses,
        contacts=contacts,
        failed_letter=failed_letter,
        can_mail=bool(this_program().settings.smtp_host) or not letters,
        sign=outward.sign,
        recall_signs=outward.RECALLS,
        letter_signs=outward.LETTERS,
        letter_kinds=outward.LETTER_KINDS,
        handed=outward.HANDOVERS,
    )


@releases.get("/release/recalls")
def recalls() -> Response:
    with open_work(write=False) as work:
        page = recall_page(work, request.args.get("page", ""))
    return render(
        "release/recalls.html",
        page=page,
        newer=path_of("release.recalls", page=page.newer) if page.newer else "",
        older=path_of("release.recalls", page=page.older) if page.older else "",
        sign=outward.sign,
        recall_signs=outward.RECALLS,
    )


@releases.get("/release/<reference>/recall")
def recall_some(reference: str) -> Response:
    return _release_page(reference, Form())


@releases.post("/release/<reference>/recall")
def save_recall(reference: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = RecallReleaseInput().read(sent("stix_ids"), reference=reference)
            recall_release(work, cmd)
    except (FieldsInvalid, ReasonNeeded, NothingToRecall, NotYourIncident, Conflict) as error:
        return _release_page(reference, refused(error, at="reason"), status_of(error))
    return redirect(path_of("release.release", reference=reference, done="recalled"), 303)


def _release_page(reference: str, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("indicator:write")
        proposal = get_proposal(work.session, reference)
        shown = shown_objects(work)
        left = left_of(work.session, proposal.id, shown)
        ids = [each.object_id for each in left]
        values = {
            "reference": proposal.reference,
            "left": left,
            "unseen": len(left_of(work.session, proposal.id)) - len(left),
            "names": names_of(work.session, ids, shown),
            "becomes": consequences(work, ids),
        }
    return render("release/recall.html", status, form=form, **values)
