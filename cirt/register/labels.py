"""The words for what the register keeps as codes, marked for translation."""

from cirt.kernel.text import mark
from cirt.register.models import (
    Affected,
    CloseReason,
    IncidentState,
    Lane,
    ObservableState,
    ReportSource,
    ReportState,
    Severity,
    Side,
)

REPORT_STATES = {
    ReportState.RECEIVED: mark("Waiting"),
    ReportState.CLAIMED: mark("Claimed"),
    ReportState.ACCEPTED: mark("Accepted"),
    ReportState.ADDED: mark("Added to an incident"),
    ReportState.FORWARDED: mark("Forwarded"),
    ReportState.REJECTED: mark("Rejected"),
    ReportState.SPAM: mark("Spam"),
    ReportState.MERGED: mark("Merged into another report"),
}

# For the person who sent it: plain words, and nothing of what we found out.
REPORTER_WORDS = {
    ReportState.RECEIVED: mark("We have your report. Somebody will look at it soon."),
    ReportState.CLAIMED: mark("Somebody of our team is looking at your report."),
    ReportState.ACCEPTED: mark("We are working on your report."),
    ReportState.ADDED: mark("We are working on your report, together with others like it."),
    ReportState.REJECTED: mark(
        "We looked at your report and do not pursue it. You can send a new one if there is more."
    ),
    ReportState.FORWARDED: mark(
        "Another body is competent for what you reported. We have handed it on; you need not send it again."
    ),
    ReportState.SPAM: mark(
        "We looked at your report and do not pursue it. You can send a new one if there is more."
    ),
    ReportState.MERGED: mark("We are working on your report, together with others like it."),
}

REPORT_SOURCES = {
    ReportSource.FORM: mark("Public form"),
    ReportSource.DESK: mark("Entered by the team"),
    ReportSource.CONNECTOR: mark("Connector"),
    ReportSource.MAIL: mark("Mail"),
    ReportSource.WEBHOOK: mark("Other system"),
}

LANES = {
    Lane.CITIZEN: mark("Private person"),
    Lane.FIRM: mark("Small firm"),
    Lane.OPERATOR: mark("Essential service"),
    Lane.SPAM: mark("False or unwanted message"),
}

AFFECTED = {
    Affected.OFFICE: mark("Office computers or mail"),
    Affected.SERVICE: mark("A service people depend on"),
    Affected.PERSONAL_DATA: mark("Personal data"),
}

INCIDENT_STATES = {
    IncidentState.OPEN: mark("In progress"),
    IncidentState.WAITING: mark("Waiting"),
    IncidentState.CONTAINED: mark("Contained"),
    IncidentState.ERADICATED: mark("Cause removed"),
    IncidentState.RESOLVED: mark("Solved"),
    IncidentState.CLOSED: mark("Closed"),
}

SEVERITIES = {
    Severity.CRITICAL: mark("Critical"),
    Severity.HIGH: mark("High"),
    Severity.MEDIUM: mark("Medium"),
    Severity.LOW: mark("Low"),
    Severity.INFO: mark("Information only"),
}

CLOSE_REASONS = {
    CloseReason.SOLVED: mark("Solved"),
    CloseReason.FALSE_POSITIVE: mark("False alarm"),
    CloseReason.DUPLICATE: mark("Duplicate of another incident"),
    CloseReason.NOT_IN_CONSTITUENCY: mark("Not ours; handed over"),
    CloseReason.NO_RESPONSE: mark("No answer came"),
    CloseReason.INFORMATIONAL: mark("For information only"),
    CloseReason.MERGED: mark("Merged into another incident"),
    CloseReason.TEST: mark("Test"),
}

OBSERVABLE_STATES = {
    ObservableState.OFFERED: mark("Found, not checked"),
    ObservableState.CONFIRMED: mark("Confirmed"),
    ObservableState.DISMISSED: mark("Dismissed"),
}

SIDES = {
    Side.ATTACKER: mark("The attacker's"),
    Side.ABUSED: mark("A third party's, abused by the attacker"),
    Side.VICTIM: mark("The victim's"),
    Side.BENIGN: mark("Harmless here"),
}

FACT_FIELDS = {
    "title": mark("title"),
    "rsit_class": mark("class"),
    "rsit_type": mark("type"),
    "severity": mark("severity"),
    "tlp": mark("marking"),
    "owner_id": mark("owner"),
    "classes": mark("further classes"),
    "sectors": mark("sectors"),
    "countries": mark("countries"),
    "pap": mark("what may be done with it"),
    "is_cross_border": mark("whether it crosses borders"),
    "priority": mark("priority"),
    "detail": mark("details"),
    "phase": mark("phase"),
    "due_at": mark("due time"),
    "reason": mark("reason"),
}

INDICATOR_TYPES = {
    "malicious-activity": mark("Malicious activity"),
    "anomalous-activity": mark("Anomalous activity"),
    "compromised": mark("Compromised"),
    "anonymization": mark("Anonymisation service"),
    "attribution": mark("Sign of a certain attacker"),
    "benign": mark("Harmless"),
    "unknown": mark("Unknown"),
}
