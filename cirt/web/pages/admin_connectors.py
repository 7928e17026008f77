"""Administration of connectors: the list, one of them with its settings, run now, a mapping with its preview."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.sources import SettingInput, TrySettingInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.work import Work
from cirt.plugin import Preview
from cirt.sources import desk
from cirt.sources.health import SourceHealth, source_health
from cirt.sources.setup import ConnectorFailed
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, wants
from cirt.web.frame import render
from cirt.web.pages.admin import bp, require_any, tabs
from cirt.web.pages.sync import own_words, told_words
from cirt.web.paths import path_of
from cirt.web.session import open_work, this_program

READERS = ("source:write", "job:read")
_PATH = "/admin/connectors/<string(maxlength=60):name>"


@bp.get("/admin/connectors")
def connectors() -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        rows = desk.source_rows(work, this_program())
        health = _health(work)
    return render("admin/connectors.html", rows=rows, tabs=tabs(), **_words(health))


@bp.get(_PATH)
def connector(name: str) -> Response:
    return _page(name, Form())


@bp.post(_PATH)
def set_connector(name: str) -> AnyResponse:
    try:
        if wants("do") == "preview":
            return _previewed(name)
        with open_work() as work:
            work.require("source:write")
            typed = SettingInput().read(sent(without=["do"]))
            desk.save_setting(work, this_program(), name, typed.value, typed.version)
    except desk.SettingChanged as error:
        form = Form(refused(error).values)
        return _page(name, form, status_of(error), conflict=i18n.say_error(error))
    except (FieldsInvalid, ConnectorFailed) as error:
        return _page(name, refused(error, at="value"), status_of(error))
    return redirect(path_of("admin.connector", name=name, done="saved"), 303)


@bp.post(f"{_PATH}/run")
def run_connector(name: str) -> AnyResponse:
    with open_work() as work:
        desk.ask_run(work, this_program(), name)
    return redirect(path_of("admin.connector", name=name, done="asked"), 303)


def _previewed(name: str) -> Response:
    """The same page with what the pasted lines would become; nothing is kept."""
    with open_work(write=False) as work:
        work.require("source:write")
        view = desk.source_view(work, this_program(), name)
    typed = TrySettingInput().read(sent(without=["do", "version"]))
    shown = desk.preview_setting(this_program(), view, typed.value, typed.sample)
    return _page(name, Form(request.form.to_dict()), shown=shown)


def _page(
    name: str,
    form: Form,
    status: int = HTTPStatus.OK,
    *,
    shown: Preview | None = None,
    conflict: str = "",
) -> Response:
    with open_work(write=False) as work:
        require_any(work, READERS)
        view = desk.source_view(work, this_program(), name)
        health = _health(work)
    return render(
        "admin/connector.html",
        status,
        form=form,
        it=view.row,
        view=view,
        preview=shown,
        conflict=conflict,
        done=request.args.get("done", ""),
        tabs=tabs(),
        **_words(health),
    )


def _health(work: Work) -> dict[str, SourceHealth]:
    """By name: what the page of sync says of the same connectors."""
    configured = this_program().settings.connectors
    return {each.name: each for each in source_health(work.session, configured)}


def _words(health: Mapping[str, SourceHealth]) -> dict[str, Any]:
    return {
        "health": health,
        "sign": outward.sign,
        "signs": outward.HEALTH,
        "said": {
            name: own_words(one.error) or told_words(one.told) for name, one in health.items()
        },
    }
