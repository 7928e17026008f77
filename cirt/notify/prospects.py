"""What would become of a letter, for whoever is about to write it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.gpg import find_gpg
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.dialogue.keeping import mail_address
from cirt.register.linking.whereabouts import Concern, concerns
from cirt.register.models import Report
from cirt.register.sight import sees_report
from cirt.sharing.letters import decide_letter, hold_letter
from cirt.sharing.verdicts import Decision

_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Prospect:
    """``decision`` is None where no mail is set up; then it only stands on the follow-up page."""

    report: str
    address: str
    decision: Decision | None


def prospects(program: Program, work: Work, references: Sequence[str]) -> list[Prospect]:
    """For the reporters of these reports who left a mail address. Two queries."""
    query = (
        sa.select(Report.id, Report.reference, Report.contact, Report.tlp)
        .where(Report.reference.in_(references[:_AT_MOST]), sees_report(work.actor))
        .order_by(Report.id)
    )
    rows = [row for row in work.session.execute(query) if mail_address(row.contact)]
    around = concerns(work, [row.id for row in rows])
    gpg = find_gpg(program.settings) if program.settings.smtp_host else None
    keys = gpg.all_keys() if gpg else []
    found = []
    for row in rows:
        address = mail_address(row.contact)
        sealed = any(key.is_usable and address.casefold() in key.addresses for key in keys)
        decision = _decide(row.tlp, around[row.id], address, sealed=sealed)
        is_told = program.settings.smtp_host or decision.rule == "letter-held"
        found.append(Prospect(row.reference, address, decision if is_told else None))
    return found


def _decide(tlp: Tlp, around: Sequence[Concern], address: str, *, sealed: bool) -> Decision:
    """As the gate will, but of what is not open to the asker only that it holds the letter back."""
    if not all(one.is_open for one in around):
        return hold_letter(address)
    return decide_letter(max([tlp, *(one.tlp for one in around)]), address, sealed=sealed)
