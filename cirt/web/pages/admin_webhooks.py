"""Administration of webhooks: the list, one of them with its mapping and a preview, a new one with its token."""

from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.webhooks import WebhookChangeInput, WebhookInput, WebhookPreviewInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.work import Work
from cirt.register.webhook import queries, service
from cirt.register.webhook.errors import (
    REFUSALS,
    EventTooLarge,
    NotAnEvent,
    WebhookChanged,
    WebhookExists,
    WebhookNameWrong,
)
from cirt.register.webhook.events import read_event
from cirt.register.webhook.mapping import DEFAULT, FIELDS, Paths
from cirt.register.webhook.models import Webhook
from cirt.register.webhook.preview import Preview, preview
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.admin import bp, require_any, tabs
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program

READERS = ("webhook:write", "job:read")
_OWN = ("do", "name", "tlp", "version")  # what the form holds beside the mapping and the example


@bp.get("/admin/webhooks")
def webhooks() -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        rows = queries.webhooks(work)
    return render(
        "admin/webhooks.html",
        rows=rows,
        why=_why,
        address_of=_address,
        done=request.args.get("done", ""),
        tabs=tabs(),
    )


@bp.get("/admin/webhooks/add")
def new_webhook() -> Response:
    return _new_page(Form())


@bp.post("/admin/webhooks/add")
def add_webhook() -> Response:
    """The token is in this answer and nowhere else."""
    if wants("do") == "preview":
        return _previewed(None)
    try:
        typed = WebhookInput().read(sent(without=["do"]))
        with open_work() as work:
            token = service.add_webhook(work, typed.name, typed.paths, typed.tlp)
    except (FieldsInvalid, WebhookNameWrong, WebhookExists) as error:
        return _new_page(refused(error, at="name"), status_of(error))
    return _token_page(typed.name, token)


@bp.get("/admin/webhooks/<int(max=2147483647):webhook_id>")
def webhook(webhook_id: int) -> Response:
    return _page(webhook_id, Form())


@bp.post("/admin/webhooks/<int(max=2147483647):webhook_id>")
def map_webhook(webhook_id: int) -> AnyResponse:
    if wants("do") == "preview":
        return _previewed(webhook_id)
    try:
        with open_work() as work:
            name = _named(work, webhook_id)
            typed = WebhookChangeInput().read(sent(without=["do"]))
            service.map_webhook(work, name, typed.paths, version=typed.version)
    except WebhookChanged as error:
        form = Form(refused(error).values)
        return _page(webhook_id, form, status_of(error), conflict=i18n.say_error(error))
    except FieldsInvalid as error:
        return _page(webhook_id, refused(error), status_of(error))
    return _back(webhook_id, "mapped")


@bp.post("/admin/webhooks/<int(max=2147483647):webhook_id>/pause")
def pause_webhook(webhook_id: int) -> AnyResponse:
    with open_work() as work:
        service.pause_webhook(work, _named(work, webhook_id))
    return _back(webhook_id, "paused")


@bp.post("/admin/webhooks/<int(max=2147483647):webhook_id>/resume")
def resume_webhook(webhook_id: int) -> AnyResponse:
    with open_work() as work:
        service.resume_webhook(work, _named(work, webhook_id))
    return _back(webhook_id, "resumed")


@bp.get("/admin/webhooks/<int(max=2147483647):webhook_id>/token")
def confirm_token(webhook_id: int) -> Response:
    with open_work(write=False) as work:
        work.require("webhook:write")
        it = queries.webhook_of(work, webhook_id)
    return render("admin/webhook_renew.html", it=it, tabs=tabs())


@bp.post("/admin/webhooks/<int(max=2147483647):webhook_id>/token")
def renew_token(webhook_id: int) -> Response:
    """As with a new webhook, the token is in this answer and nowhere else."""
    with open_work() as work:
        name = _named(work, webhook_id)
        token = service.renew_token(work, name)
    return _token_page(name, token)


@bp.post("/admin/webhooks/<int(max=2147483647):webhook_id>/remove")
def remove_webhook(webhook_id: int) -> AnyResponse:
    with open_work() as work:
        service.remove_webhook(work, _named(work, webhook_id))
    return redirect(path_of("admin.webhooks", done="removed"), 303)


def _named(work: Work, webhook_id: int) -> str:
    """The right is asked for first: whoever lacks it does not learn which ids there are."""
    work.require("webhook:write")
    return queries.webhook_of(work, webhook_id).name


def _back(webhook_id: int, done: str) -> AnyResponse:
    return redirect(path_of("admin.webhook", webhook_id=webhook_id, done=done), 303)


def _previewed(webhook_id: int | None) -> Response:
    """The same page with what the pasted event would become; nothing is kept."""
    shown = None
    try:
        with open_work(write=False) as work:
            work.require("webhook:write")
        typed = WebhookPreviewInput().read(sent(without=_OWN))
        event = read_event(typed.example.encode())
        shown = preview(event, typed.paths or DEFAULT)
        form, status = Form(request.form.to_dict()), HTTPStatus.OK
    except (FieldsInvalid, NotAnEvent, EventTooLarge) as error:
        form, status = refused(error, at="example"), status_of(error)
    if webhook_id is None:
        return _new_page(form, status, shown)
    return _page(webhook_id, form, status, shown=shown)


def _token_page(name: str, token: str) -> Response:
    return render(
        "admin/webhook_token.html", name=name, token=token, address=_address(name), tabs=tabs()
    )


def _new_page(form: Form, status: int = HTTPStatus.OK, shown: Preview | None = None) -> Response:
    with open_work(write=False) as work:
        work.require("webhook:write")
    return render(
        "admin/webhook_add.html", status, form=form, **_fields(DEFAULT, shown), tabs=tabs()
    )


def _page(
    webhook_id: int,
    form: Form,
    status: int = HTTPStatus.OK,
    *,
    shown: Preview | None = None,
    conflict: str = "",
) -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        it = queries.webhook_of(work, webhook_id)
    return render(
        "admin/webhook.html",
        status,
        form=form,
        it=it,
        address=_address(it.name),
        refusal=_why(it),
        conflict=conflict,
        done=request.args.get("done", ""),
        **_fields(queries.paths_of(it), shown),
        tabs=tabs(),
    )


def _fields(paths: Paths, shown: Preview | None) -> dict[str, Any]:
    """What the partial of the mapping needs."""
    lines = {name: "\n".join(paths.get(name, ())) for name in FIELDS}
    return {"lines": lines, "preview": shown}


def _why(it: Webhook) -> str:
    """Why it was last refused, in the reader's language."""
    why = it.refused_why or {}
    message = REFUSALS.get(why.get("code", ""))
    return str(i18n.say(message, **why.get("values", {}))) if message else ""


def _address(name: str) -> str:
    return f"{this_program().settings.base_url.rstrip('/')}/intake/webhook/{name}"
