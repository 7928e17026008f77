"""Who is named in an agreement for TLP:RED: the list, naming somebody, their key, taking them off."""

from http import HTTPStatus

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.persons import GiveKeyInput, NamePersonInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.gpg import KeyUnfit, PublicKey, find_gpg
from cirt.kernel.text import mark
from cirt.parties.errors import AddressWrong
from cirt.parties.models import Peer
from cirt.sharing.agreements.persons import (
    AgreementOver,
    GiveKey,
    NamePerson,
    PersonNameMissing,
    PersonThere,
    give_key,
    name_person_in,
    persons_of,
    take_person_off,
)
from cirt.sharing.agreements.record import Record
from cirt.sharing.queries import find_agreement
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program

bp = Blueprint("agreement_persons", __name__)


@bp.get("/agreements/<reference>/persons")
def persons(reference: str) -> Response:
    return _page(reference, Form())


@bp.post("/agreements/<reference>/persons")
def add(reference: str) -> AnyResponse:
    try:
        given = NamePersonInput().read(sent())
        key = _key(given.key) if given.key else None
        with open_work() as work:
            name_person_in(work, NamePerson(reference, given.name, given.email, key))
    except (FieldsInvalid, KeyUnfit, AddressWrong, PersonThere, PersonNameMissing) as error:
        at = "key" if isinstance(error, KeyUnfit) else "email"
        return _page(reference, refused(error, at=at), status_of(error))
    except AgreementOver as error:
        return _page(reference, refused(error), status_of(error))
    return redirect(path_of("agreement_persons.persons", reference=reference), 303)


@bp.get("/agreements/<reference>/persons/<int(max=9223372036854775807):named_id>/key")
def key(reference: str, named_id: int) -> Response:
    return _page(reference, Form(), replacing=named_id)


@bp.post("/agreements/<reference>/persons/<int(max=9223372036854775807):named_id>/key")
def save_key(reference: str, named_id: int) -> AnyResponse:
    try:
        found = _key(GiveKeyInput().read(sent()).key)
        with open_work() as work:
            give_key(work, GiveKey(reference, named_id, found))
    except (FieldsInvalid, KeyUnfit) as error:
        form = refused(error, at="key")
        return _page(reference, form, status_of(error), replacing=named_id)
    return redirect(path_of("agreement_persons.persons", reference=reference), 303)


@bp.post("/agreements/<reference>/persons/<int(max=9223372036854775807):named_id>/remove")
def remove(reference: str, named_id: int) -> AnyResponse:
    with open_work() as work:
        take_person_off(work, reference, named_id)
    return redirect(path_of("agreement_persons.persons", reference=reference), 303)


def _key(armoured: str) -> PublicKey:
    """Read before any transaction is open, for it takes a while."""
    gpg = find_gpg(this_program().settings)
    if gpg is None:
        raise KeyUnfit(reason=mark("GnuPG is not installed here, so no key can be read"))
    return gpg.read_public_key(armoured)


def _page(
    reference: str, form: Form, status: int = HTTPStatus.OK, *, replacing: int | None = None
) -> Response:
    with open_work(write=False) as work:
        agreement = find_agreement(work.session, reference)
        peer = work.session.get_one(Peer, agreement.peer_id)
        found = persons_of(work.session, agreement.id, removed=True)
    whose = next((each for each in found if each.id == replacing and not each.removed_at), None)
    return render(
        "agreements/persons.html",
        status if replacing is None or whose else HTTPStatus.NOT_FOUND,
        form=form,
        agreement=agreement,
        peer=peer,
        persons=found,
        whose=whose,
        contacts=[each for each in Record.from_data(agreement.record).contacts if each.mail],
    )
