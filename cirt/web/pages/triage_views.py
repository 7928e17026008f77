"""Views of the queue that somebody names and keeps."""

from http import HTTPStatus

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.triage import SaveViewInput
from cirt.kernel.errors import FieldsInvalid
from cirt.register.views.commands import DropView
from cirt.register.views.service import TooManyViews, drop_view, narrowing, save_view, views_of
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.triage import bp
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit


@bp.get("/triage/views/new")
def new_view() -> Response:
    return _page(Form(), narrowing(request.query_string.decode("ascii", "replace")))


@bp.post("/triage/views/new")
def keep_view() -> AnyResponse:
    try:
        with open_work() as work:
            view = save_view(work, SaveViewInput().read(sent()))
    except (FieldsInvalid, TooManyViews) as error:
        query = narrowing(request.form.get("query", ""))
        return _page(refused(error, at="name"), query, status_of(error))
    return redirect(f"{path_of('triage.queue')}?{view.query}", 303)


@bp.post("/triage/views/<int(max=9223372036854775807):view_id>/drop")
def drop(view_id: int) -> AnyResponse:
    with open_work() as work:
        drop_view(work, DropView(view_id))
    return redirect(path_of("triage.new_view"), 303)


def _page(form: Form, query: str, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        work.require("report:decide")
        views = views_of(work)
    mine = visit().actor.id
    return render("triage/view.html", status, form=form, query=query, views=views, mine=mine)
