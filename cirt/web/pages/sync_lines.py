"""Sync, one line at a time: its runs, alerts that are expected, and checks by the peer's manifest."""

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.exchange.complete.again import put_again
from cirt.exchange.complete.errors import CheckBusy, NothingMissing, OnlyReadingChecked
from cirt.exchange.complete.queries import check_view
from cirt.exchange.complete.service import put_check
from cirt.exchange.health import link_health
from cirt.exchange.links.now import LinkBusy, LinkByFile
from cirt.exchange.links.service import NoSuchLink
from cirt.exchange.models import LinkDirection
from cirt.exchange.watching.alerts import expect_alert, standing_alert
from cirt.exchange.watching.queries import run_page
from cirt.inputs.exchange import ExpectAlertInput
from cirt.kernel.errors import Conflict, FieldsInvalid, NotFound
from cirt.sources.health import source_health, source_run_page
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.pages.sync import alert_sentence, alert_step, bp, health_page, line_words
from cirt.web.paths import path_of, ways_on
from cirt.web.session import open_work, this_program

_LISTED = 200


@bp.get("/sync/links/<int(max=2147483647):link_id>/runs")
def link_runs(link_id: int) -> Response:
    with open_work(write=False) as work:
        found = next((one for one in link_health(work.session) if one.id == link_id), None)
        if found is None:
            raise NoSuchLink(id=link_id)
        page = run_page(work.session, link_id, request.args.get("page"))
    is_checked = found.direction is LinkDirection.PULL and not found.by_file
    return render(
        "sync/runs.html",
        title=f"{found.peer_name}, {found.remote}",
        slug=found.peer,
        check_id=link_id if is_checked else None,
        page=page,
        beside=ways_on(page, "sync.link_runs", link_id=link_id),
        **line_words(),
    )


@bp.get("/sync/connectors/<name>/runs")
def source_runs(name: str) -> Response:
    configured = this_program().settings.connectors
    if name not in configured:
        raise NotFound
    with open_work(write=False) as work:
        [found] = source_health(work.session, {name: configured[name]})
        page = source_run_page(work.session, name, request.args.get("page"))
    return render(
        "sync/runs.html",
        title=found.name,
        slug=found.peer,
        check_id=None,
        page=page,
        beside=ways_on(page, "sync.source_runs", name=name),
        **line_words(),
    )


@bp.get("/sync/alerts/<int(max=9223372036854775807):alert_id>/expected")
def ask_expected(alert_id: int) -> Response:
    return _expect_page(alert_id, Form())


@bp.post("/sync/alerts/<int(max=9223372036854775807):alert_id>/expected")
def expect(alert_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            expect_alert(work, ExpectAlertInput().read(sent(), alert_id=alert_id))
    except FieldsInvalid as error:
        return _expect_page(alert_id, refused(error), status_of(error))
    return redirect(path_of("sync.health", done="expected"), 303)


def _expect_page(alert_id: int, form: Form, status: int = 200) -> Response:
    with open_work(write=False) as work:
        work.require("sync:run")
        alert = standing_alert(work.session, alert_id)
    said = {"sentence": alert_sentence(alert), "step": alert_step(alert)}
    return render("sync/expected.html", status, form=form, alert=alert, **said)


@bp.post("/sync/links/<int(max=2147483647):link_id>/check")
def check(link_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            check_id = put_check(work, link_id)
    except (CheckBusy, LinkByFile, OnlyReadingChecked) as error:
        return health_page(error)
    return redirect(path_of("sync.checked", check_id=check_id), 303)


@bp.get("/sync/checks/<int(max=9223372036854775807):check_id>")
def checked(check_id: int) -> Response:
    return _check_page(check_id)


@bp.post("/sync/checks/<int(max=9223372036854775807):check_id>/again")
def ask_again(check_id: int) -> AnyResponse:
    try:
        with open_work() as work:
            put_again(work, check_id)
    except (CheckBusy, NothingMissing, LinkBusy) as error:
        return _check_page(check_id, error)
    return redirect(path_of("sync.checked", check_id=check_id), 303)


def _check_page(check_id: int, conflict: Conflict | None = None) -> Response:
    with open_work(write=False) as work:
        it = check_view(work, check_id)
    return render(
        "sync/check.html",
        status_of(conflict) if conflict else 200,
        it=it,
        listed=it.missing[:_LISTED],
        conflict=i18n.say_error(conflict) if conflict else "",
        **line_words(),
    )
