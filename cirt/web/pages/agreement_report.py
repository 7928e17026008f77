"""The report on one agreement: on screen, on paper, and as CSV."""

import csv
import io
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response, request

from cirt.figures.agreements.report import NOT_MEASURED, AgreementReport, agreement_report
from cirt.figures.periods import Period, PeriodWrong, read_period
from cirt.release.exporting.sheet import cell
from cirt.web import i18n, outward
from cirt.web.errors import status_of
from cirt.web.frame import render
from cirt.web.saving import to_save
from cirt.web.session import open_work, visit

bp = Blueprint("agreement_report", __name__)


@bp.get("/agreements/<reference>/report")
def report(reference: str) -> Response:
    problem = ""
    status: int = HTTPStatus.OK
    try:
        period = _period()
    except PeriodWrong as error:
        problem, status = i18n.say_error(error), status_of(error)
        period = read_period("", "", "", visit().now)
    with open_work(write=False) as work:
        found = agreement_report(work, reference, period)
    return render(
        "peers/agreement_report.html",
        status,
        it=found,
        problem=problem,
        asked=_asked(),
        not_measured=NOT_MEASURED,
        sign=outward.sign,
        standings=outward.STANDINGS,
        levels=outward.LEVELS,
        directions=outward.DIRECTIONS,
        reason_words=partial(outward.rule_words, **_named(found)),
    )


def _named(it: AgreementReport) -> dict[str, str]:
    """What every refusal under this agreement has in common; the rest differs from object to object."""
    return {
        "reader": it.peer,
        "agreement": it.reference,
        "ceiling": it.terms.ceiling.label,
        "ceiling_in": it.terms.ceiling_in.label,
    }


@bp.get("/agreements/<reference>/report.csv")
def report_csv(reference: str) -> Response:
    """One figure a line; the same figures as the page, with stable names."""
    with open_work() as work:
        period = _period()
        found = agreement_report(work, reference, period)
        work.audit("agreement.report", found.reference, period=period.name)
    name = f"{found.reference}-{_file_name(period)}.csv"
    return to_save(_csv(found), name, "text/csv")


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "")[:40] for name in ("period", "first", "last")}


def _period() -> Period:
    given = _asked()
    return read_period(given["period"], given["first"], given["last"], visit().now)


def _file_name(period: Period) -> str:
    return period.name.replace("..", "-to-")


def _csv(it: AgreementReport) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(("section", "item", "marking", "figure", "unit"))
    head = (it.reference, it.slug, it.standing or "in-force", str(it.terms.version))
    for name, value in zip(("agreement", "peer", "standing", "version"), head, strict=True):
        lines.writerow(("agreement", name, "", cell(value), ""))
    lines.writerow(("period", "first-day", "", f"{it.period.first:%Y-%m-%d}", ""))
    lines.writerow(("period", "last-day", "", f"{it.period.last_day:%Y-%m-%d}", ""))
    for name, flow in (("given", it.given), ("received", it.received)):
        lines.writerow((name, "all", "", flow.objects, "objects"))
        lines.writerow((name, "all", "", flow.versions, "versions"))
        for each in flow.counts:
            lines.writerow((name, cell(each.type), each.tlp.value, each.objects, "objects"))
    lines.writerow(("given", "revocations-fetched", "", it.revocations, "objects"))
    if it.is_behind:
        lines.writerow(("given", "last-pages-not-counted-yet", "", "yes", ""))
    for delay in it.delays:
        lines.writerow(("delay", delay.name, "", delay.count, "count"))
        lines.writerow(("delay", delay.name, "", _seconds(delay.median), "median-s"))
        lines.writerow(("delay", delay.name, "", _seconds(delay.longest), "longest-s"))
    for refusal in it.refusals:
        row = (f"refused-{refusal.where}", cell(refusal.reason), refusal.outcome)
        lines.writerow((*row, refusal.count, "count"))
    return out.getvalue()


def _seconds(took: timedelta | None) -> str:
    return "" if took is None else f"{took.total_seconds():.0f}"
