"""Scoring an incident: the answers, the score, and the severity that a handler takes from it."""

from dataclasses import asdict

from cirt.kernel.work import Work
from cirt.register.facts.errors import SeverityNeedsReason
from cirt.register.facts.service import settle_priority
from cirt.register.incidents import check_version, note_entry
from cirt.register.labels import SEVERITIES
from cirt.register.models import EntryKind, Incident, Severity
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.severity.errors import AnswersMissing
from cirt.register.severity.models import IncidentScore
from cirt.register.severity.rules import Worked, work_out
from cirt.register.severity.table import table
from cirt.register.sight import for_trail, get_incident


def worked_out(cmd: ScoreSeverity) -> Worked:
    """The score of these answers; keeps nothing.

    Raises:
        AnswersMissing.
    """
    try:
        return work_out(table(), cmd.answers)
    except KeyError:
        raise AnswersMissing from None


def score_severity(work: Work, cmd: ScoreSeverity) -> IncidentScore:
    """Keep a score beside those before, and set the severity.

    Raises:
        IncidentChanged: somebody else saved first.
        AnswersMissing, SeverityNeedsReason, NoSuchIncident, NotAllowed.
    """
    work.require("incident:write")
    incident = get_incident(work, cmd.reference, lock=True)
    check_version(work, incident, cmd.version)
    worked = worked_out(cmd)
    proposed = worked.level.severity
    taken = cmd.severity or proposed
    if taken is not proposed and not cmd.reason.strip():
        raise SeverityNeedsReason(proposed=SEVERITIES[proposed], chosen=SEVERITIES[taken])
    score = _keep(work, incident, worked, taken, cmd.reason)
    before, incident.severity = incident.severity, taken
    incident.version += 1
    settle_priority(work, incident)
    values = {"score": _decimal(worked.tenths), "severity": taken, "was": before}
    note_entry(work, incident.id, EntryKind.SCORED, reason=cmd.reason, **values)
    why = for_trail(incident.tlp, cmd.reason)
    work.audit("incident.score", incident.reference, table=worked.version, reason=why, **values)
    return score


def _keep(
    work: Work, incident: Incident, worked: Worked, taken: Severity, reason: str
) -> IncidentScore:
    score = IncidentScore(
        incident_id=incident.id,
        at=work.now,
        actor=work.actor.name,
        table_version=worked.version,
        lines=[asdict(line) for line in worked.lines],
        least=worked.least,
        most=worked.most,
        tenths=worked.tenths,
        level=worked.level.code,
        proposed=worked.level.severity,
        severity=taken,
        reason=reason,
    )
    work.session.add(score)
    work.session.flush()
    return score


def _decimal(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"
