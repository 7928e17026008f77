"""What would become of a letter, for whoever is about to write it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.gpg import find_gpg
from cirt.kernel.program import Program
from cirt.kernel.work import Work
from cirt.register.dialogue.keeping import mail_address
from cirt.register.models import Incident, Report
from cirt.register.sight import sees_report
from cirt.sharing.letters import decide_letter
from cirt.sharing.verdicts import Decision

_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Prospect:
    """``decision`` is None where no mail is set up; then it only stands on the follow-up page."""

    report: str
    address: str
    decision: Decision | None


def prospects(program: Program, work: Work, references: Sequence[str]) -> list[Prospect]:
    """For the reporters of these reports who left a mail address. One query."""
    query = (
        sa.select(Report.reference, Report.contact, Report.tlp, Incident.tlp.label("incident_tlp"))
        .outerjoin(Incident, Incident.id == Report.incident_id)
        .where(Report.reference.in_(references[:_AT_MOST]), sees_report(work.actor))
        .order_by(Report.id)
    )
    gpg = find_gpg(program.settings) if program.settings.smtp_host else None
    keys = gpg.all_keys() if gpg else []
    found = []
    for row in work.session.execute(query):
        address = mail_address(row.contact)
        if not address:
            continue
        sealed = any(key.is_usable and address.casefold() in key.addresses for key in keys)
        tlp = max(row.tlp, row.incident_tlp or row.tlp)
        decision = decide_letter(tlp, address, sealed=sealed)
        found.append(
            Prospect(row.reference, address, decision if program.settings.smtp_host else None)
        )
    return found
