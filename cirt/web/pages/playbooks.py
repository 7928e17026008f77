"""Playbooks: the list, one of them, and leads' own versions."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.playbooks import PlaybookInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register import rsit
from cirt.register.phases import PHASES
from cirt.register.playbooks.commands import AddPlaybook, EditPlaybook, RestorePlaybook
from cirt.register.playbooks.included import INCLUDED
from cirt.register.playbooks.rules import AS_INCLUDED
from cirt.register.playbooks.service import (
    NoSuchPlaybook,
    PlaybookChanged,
    Saved,
    add_playbook,
    edit_playbook,
    history_of,
    playbook,
    playbooks,
    restore_playbook,
)
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work

bp = Blueprint("playbooks", __name__)

_LISTS = ("fits",)


@bp.get("/playbooks")
def all_playbooks() -> Response:
    with open_work(write=False) as work:
        rows = playbooks(work)
    return render("playbooks/list.html", rows=rows)


@bp.get("/playbooks/new")
def new() -> Response:
    return _new_page(Form())


@bp.post("/playbooks/new")
def add() -> AnyResponse:
    try:
        with open_work() as work:
            written = PlaybookInput().read({**sent(*_LISTS), "version": 0, "offered": "1"})
            slug = add_playbook(work, AddPlaybook(written.content))
    except FieldsInvalid as error:
        return _new_page(refused(error), status_of(error))
    return redirect(path_of("playbooks.one", slug=slug), 303)


@bp.get("/playbooks/<slug>")
def one(slug: str) -> Response:
    """As it holds now, or with ``?version=`` as an incident has it."""
    version = request.args.get("version", type=int)
    with open_work(write=False) as work:
        view = playbook(work, slug)
        history = history_of(work, slug)
    wanted = view.version if version is None else version
    shown = next((saved for saved in history if saved.version == wanted), None)
    if shown is None and (wanted != AS_INCLUDED or not view.is_included):
        raise NoSuchPlaybook
    content = view.content if wanted == view.version else _said(slug, shown)
    return render(
        "playbooks/playbook.html",
        view=view,
        content=content,
        version=wanted,
        history=history,
        phases=PHASES,
    )


@bp.get("/playbooks/<slug>/edit")
def edit(slug: str) -> Response:
    return _edit_page(slug, Form())


@bp.post("/playbooks/<slug>/edit")
def save(slug: str) -> AnyResponse:
    try:
        with open_work() as work:
            written = PlaybookInput().read(sent(*_LISTS))
            cmd = EditPlaybook(slug, written.version, written.content, written.offered)
            edit_playbook(work, cmd)
    except PlaybookChanged as error:
        form = Form(refused(error).values)
        return _edit_page(slug, form, status_of(error), i18n.say_error(error))
    except FieldsInvalid as error:
        return _edit_page(slug, refused(error), status_of(error))
    return redirect(path_of("playbooks.one", slug=slug), 303)


@bp.post("/playbooks/<slug>/restore")
def set_back(slug: str) -> AnyResponse:
    given = wants("version")
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1  # noqa: PLR2004
    with open_work() as work:
        restore_playbook(work, RestorePlaybook(slug, version))
    return redirect(path_of("playbooks.one", slug=slug), 303)


def _said(slug: str, saved: Saved | None) -> Any:
    return INCLUDED[slug] if saved is None or saved.content is None else saved.content


def _new_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("playbook:write")
    return render("playbooks/new.html", status, form=form, phases=PHASES, classes=rsit.CLASSES)


def _edit_page(slug: str, form: Form, status: int = HTTPStatus.OK, conflict: str = "") -> Response:
    with open_work(write=False) as work:
        work.require("playbook:write")
        view = playbook(work, slug)
    return render(
        "playbooks/edit.html",
        status,
        form=form,
        view=view,
        phases=PHASES,
        classes=rsit.CLASSES,
        conflict=conflict,
    )
