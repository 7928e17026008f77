"""Keeping the traits of a report that came."""

from cirt.kernel.db import insert_rows
from cirt.kernel.work import Work
from cirt.register.likeness.models import ReportTrait
from cirt.register.likeness.traits import traits_of
from cirt.register.models import Report


def keep_traits(work: Work, report: Report) -> None:
    found = traits_of(report.text, report.organisation, report.contact)
    rows = [
        {"key": one.key, "report_id": report.id, "kind": one.kind, "of": one.of} for one in found
    ]
    insert_rows(work.session.connection(), ReportTrait, rows)
