"""Joining by a typed reference: what the other one is and what will happen is shown before it is done.

The act is rehearsed in a unit of work that is given up, so what would be refused is refused at the form, and the
page that asks does not promise what cannot be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flask import Response
from markupsafe import Markup

from cirt.kernel.text import mark
from cirt.register.bulk.queries import PlannedReport
from cirt.register.models import Incident, Report
from cirt.web import i18n
from cirt.web.forms import Form, typed_fields, typed_values, wants
from cirt.web.frame import render

ASKED = ("sure", "back")  # fields of the page that asks; no command has them
AnyReport: TypeAlias = Report | PlannedReport
Record: TypeAlias = AnyReport | Incident

_KEPT = mark(
    "Nothing is moved or copied. Both references keep working, and the merge can be undone at any "
    "time: then everything is back where it was."
)
_LESS_STRICT = mark(
    "The incident is {incident}, less strict than the report, which is {report}. The reason is kept."
)


class NotSure(Exception):
    """The act was a rehearsal: nothing of it stays. Not one of our errors: nothing went wrong."""


@dataclass(frozen=True, slots=True)
class Question:
    """``records`` are (what it is in the act, the record), the one that takes the others last."""

    title: str
    say: Markup
    more: Sequence[str]
    button: Markup
    records: Sequence[tuple[str, Record]]

    @property
    def other(self) -> Record:
        return self.records[-1][1]


def check_sure(other: str) -> None:
    """After the act, before it is committed.

    Raises:
        NotSure: the page that asks was not answered for this other one.
    """
    if wants("sure") != other:
        raise NotSure


def went_back() -> Form | None:
    """The form as it was typed, where somebody came back to it from the page that asks."""
    return Form(typed_values()) if wants("back") else None


def ask(question: Question, action: str) -> Response:
    typed = [(name, value) for name, value in typed_fields() if name not in ASKED]
    return render("parts/confirm.html", question=question, action=action, typed=typed)


def of_report_merge(merged: Report, leading: Report) -> Question:
    values = {"merged": _name(merged), "leading": _name(leading)}
    return Question(
        title=i18n.translate(mark("Merge into another report")),
        say=i18n.say(mark("{merged} leaves the queue and shares the fate of {leading}."), **values),
        more=[
            i18n.translate(
                mark("If that one is on an incident, what this one names is offered there as well.")
            ),
            i18n.translate(_KEPT),
        ],
        button=i18n.say(mark("Merge {merged} into {leading}"), **values),
        records=[_merged(merged), _leading(leading)],
    )


def of_incident_merge(merged: Incident, leading: Incident) -> Question:
    values = {"merged": _name(merged), "leading": _name(leading)}
    return Question(
        title=i18n.translate(mark("Merge into another incident")),
        say=i18n.say(
            mark(
                "{merged} is closed as merged, and everything of it is shown through {leading}, which leads."
            ),
            **values,
        ),
        more=[i18n.translate(_KEPT)],
        button=i18n.say(mark("Merge {merged} into {leading}"), **values),
        records=[_merged(merged), _leading(leading)],
    )


def of_adding(reports: Sequence[AnyReport], incident: Incident, *, can_undo: bool) -> Question:
    """One report, or those that were ticked."""
    one = _name(reports[0]) if len(reports) == 1 else ""
    values = {"report": one, "count": len(reports), "incident": _name(incident)}
    happens = mark(
        "What it names is offered on the incident; its reporter reads that we work on it."
    )
    many = mark(
        "What they name is offered on the incident; their reporters read that we work on it."
    )
    undo = mark("It can be undone for a day.")
    more = [i18n.translate(happens if one else many)]
    return Question(
        title=i18n.translate(mark("Add to an incident")),
        say=i18n.say(
            mark("{report} is added to {incident}.")
            if one
            else mark("{count} reports are added to {incident}."),
            **values,
        ),
        more=[
            *more,
            *([i18n.translate(undo)] if can_undo else []),
            *_less_strict(reports, incident),
        ],
        button=i18n.say(
            mark("Add {report} to {incident}")
            if one
            else mark("Add {count} reports to {incident}"),
            **values,
        ),
        records=[
            *((i18n.translate(mark("Report")), report) for report in reports),
            (i18n.translate(mark("Incident")), incident),
        ],
    )


def _less_strict(reports: Sequence[AnyReport], incident: Incident) -> list[str]:
    strictest = max(report.tlp for report in reports)
    if strictest <= incident.tlp:
        return []
    return [str(i18n.say(_LESS_STRICT, incident=incident.tlp.label, report=strictest.label))]


def _name(record: Record) -> Markup:
    return Markup('<bdi class="nw">{}</bdi>').format(record.reference)


def _merged(record: Record) -> tuple[str, Record]:
    return i18n.translate(mark("This one is merged")), record


def _leading(record: Record) -> tuple[str, Record]:
    return i18n.translate(mark("This one leads")), record
