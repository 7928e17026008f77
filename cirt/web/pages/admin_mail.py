"""Administration of mail: the one letter that the program writes by itself, and mails that could not be read."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.mail import (
    RestoreAcknowledgementInput,
    SaveAcknowledgementInput,
    SetAcknowledgingInput,
)
from cirt.kernel.errors import FieldsInvalid
from cirt.register.acknowledging import service
from cirt.register.acknowledging.errors import PlaceMissing, PlaceUnknown, WordsChanged
from cirt.register.acknowledging.rules import filled
from cirt.register.mail.trouble import broken_mails, set_aside_counts
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.admin import bp, require_any, tabs
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program

READERS = ("mail:write", "job:read")
_RIGHT_TO_LEFT = ("ar",)


@bp.get("/admin/mail")
def mail() -> Response:
    return _page(Form())


@bp.post("/admin/mail")
def set_mail() -> AnyResponse:
    try:
        with open_work() as work:
            service.set_acknowledging(work, SetAcknowledgingInput().read(sent()))
    except WordsChanged as error:
        return _page(Form(refused(error).values), status_of(error), i18n.say_error(error))
    except FieldsInvalid as error:
        return _page(refused(error), status_of(error))
    return redirect(path_of("admin.mail", done="saved"), 303)


@bp.get("/admin/mail/<language>")
def mail_words(language: str) -> Response:
    return _words_page(language, Form())


@bp.post("/admin/mail/<language>")
def save_mail_words(language: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = SaveAcknowledgementInput().read(sent(), language=language)
            service.save_acknowledgement(work, cmd)
    except WordsChanged as error:
        form = Form(refused(error).values)
        return _words_page(language, form, status_of(error), i18n.say_error(error))
    except (FieldsInvalid, PlaceMissing, PlaceUnknown) as error:
        return _words_page(language, refused(error, at="body"), status_of(error))
    return redirect(path_of("admin.mail", done="words"), 303)


@bp.post("/admin/mail/<language>/restore")
def restore_mail_words(language: str) -> AnyResponse:
    try:
        with open_work() as work:
            cmd = RestoreAcknowledgementInput().read(sent(), language=language)
            service.restore_acknowledgement(work, cmd)
    except WordsChanged as error:
        return _words_page(language, Form(), status_of(error), i18n.say_error(error))
    return redirect(path_of("admin.mail", done="words"), 303)


def _page(form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        setup, letters = service.setup_of(work), service.all_words(work)
        broken, aside = broken_mails(work), sum(set_aside_counts(work).values())
    settings = this_program().settings
    return render(
        "admin/mail.html",
        status,
        form=form,
        setup=setup,
        letters=letters,
        broken=broken,
        aside=aside,
        names=i18n.LANGUAGES,
        conflict=conflict,
        sends=bool(settings.smtp_host),
        mail_from=settings.mail_from,
        done=request.args.get("done", ""),
        tabs=tabs(),
    )


def _words_page(
    language: str, form: Form, status: int = HTTPStatus.OK, conflict: str = ""
) -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        kept = service.words_in(work, language)
    address = f"{this_program().settings.base_url.rstrip('/')}/status"
    values = {"reference": "REP-2026-0042", "code": "K7P-2QM-9RT-4XD-6HB", "address": address}
    return render(
        "admin/mail_words.html",
        status,
        form=form,
        kept=kept,
        name=i18n.LANGUAGES[language],
        direction="rtl" if language in _RIGHT_TO_LEFT else "ltr",
        shown=filled(form.value("body", kept.words.body), values),
        conflict=conflict,
        tabs=tabs(),
    )
