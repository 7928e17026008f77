"""Asking a reporter, and what they answer: on the status page, by mail, or said to one of us."""

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.commands import AskStatus
from cirt.register.dialogue.commands import AskReporter, MarkRead, NoteAnswer, TakeAnswer
from cirt.register.dialogue.errors import (
    HeldBack,
    MessageTooLong,
    NoMoreAnswers,
    NoReporter,
    RedStaysInside,
    ReporterNotChosen,
    ReportRejected,
)
from cirt.register.dialogue.keeping import (
    check_message,
    check_room,
    keep_message,
    mail_address,
    sending_hash,
)
from cirt.register.dialogue.models import (
    Channel,
    Direction,
    Message,
    MessageKind,
    MessageState,
    is_unread,
)
from cirt.register.dialogue.queries import messages_of
from cirt.register.intake import FILE_NAMES, kept_headers, report_by_code
from cirt.register.linking.whereabouts import concerns, reports_on
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import family
from cirt.register.models import Incident, Report, ReportState
from cirt.register.sight import get_incident, get_report, sees_report

MAX_LETTER = 20_000
LETTER_LIMIT = "20 kB"


def ask_reporter(work: Work, cmd: AskReporter) -> Message:
    """Write to whoever sent a report. It stands on their status page at once, and with ``recipient`` set it waits
    to be mailed as well. What they had answered before counts as read.

    Raises:
        MessageEmpty, MessageTooLong, RedStaysInside, HeldBack, ReportRejected, NoReporter, ReporterNotChosen,
        NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    check_message(cmd.text)
    if len(cmd.text) > MAX_LETTER:
        raise MessageTooLong(limit=LETTER_LIMIT)
    report, incident = _addressed(work, cmd.reference)
    _check_marking(work, report)
    if report.state is ReportState.REJECTED and not cmd.is_letter:
        raise ReportRejected(reference=report.reference)
    message = Message(
        report_id=report.id,
        incident_id=incident.id if incident else None,
        direction=Direction.OUT,
        channel=Channel.PAGE,
        kind=MessageKind.LETTER if cmd.is_letter else MessageKind.QUESTION,
        subject=cmd.subject,
        account_id=work.actor.id,
        recipient=mail_address(report.contact),
        state=MessageState.WRITTEN,
    )
    _read(work, report.reference, None)
    return keep_message(work, message, cmd.text)


def note_answer(work: Work, cmd: NoteAnswer) -> Message:
    """Write down what a reporter said by telephone or in person; it is read as soon as it is written.

    Raises:
        MessageEmpty, MessageTooLong, NoReporter, ReporterNotChosen, NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    check_message(cmd.text)
    report, incident = _addressed(work, cmd.reference)
    message = Message(
        report_id=report.id,
        incident_id=incident.id if incident else None,
        direction=Direction.IN,
        channel=Channel.DESK,
        kind=MessageKind.ANSWER,
        account_id=work.actor.id,
        read_at=work.now,
        read_by_id=work.actor.id,
    )
    return keep_message(work, message, cmd.text)


def take_answer(work: Work, cmd: TakeAnswer) -> Message:
    """Keep what a reporter writes on the status page, whether they were asked or not.

    Raises:
        CodeWrong: there is no such report, or this is not its code; never told apart.
        NoMoreAnswers: the report was rejected.
        MessageEmpty, MessageTooLong, TooManyFiles, TooLarge, TooManyMessages.
    """
    report = report_by_code(work, AskStatus(cmd.reference, cmd.code), lock=True)
    check_message(cmd.text, cmd.files)
    sending = sending_hash(cmd.form_token, report.reference, cmd.text, cmd.files)
    twin = _same_sending(work, sending)
    if twin is not None:
        return twin
    if report.state is ReportState.REJECTED:
        raise NoMoreAnswers(reference=report.reference)
    check_room(work, report)
    message = Message(
        report_id=report.id,
        direction=Direction.IN,
        channel=Channel.PAGE,
        kind=MessageKind.ANSWER,
        headers=kept_headers({} if _is_anonymous(report) else cmd.headers, cmd.files),
        form_token=sending,
    )
    return keep_message(work, message, cmd.text, cmd.files)


def mark_read(work: Work, cmd: MarkRead) -> int:
    """Take note of what came in: how many messages. One that came meanwhile stays unread.

    Raises:
        NoSuchReport, NoSuchIncident, NotAllowed.
    """
    work.require("report:decide")
    count = _read(work, cmd.reference, cmd.upto)
    if count:
        work.audit("message.read", cmd.reference, count=count)
    return count


def _addressed(work: Work, reference: str) -> tuple[Report, Incident | None]:
    """The report whose sender is meant, locked, and the incident if it was that which was named."""
    if not reference.startswith("INC-"):
        return get_report(work, reference, lock=True), None
    incident = get_incident(work, reference)
    ids = reports_on(family(work, IncidentMerge, incident.id))
    query = sa.select(Report).where(Report.id.in_(ids), sees_report(work.actor))
    reports = work.session.scalars(query.limit(2).with_for_update(of=Report)).all()
    if not reports:
        raise NoReporter(reference=reference)
    if len(reports) > 1:
        raise ReporterNotChosen(reference=reference)
    return reports[0], incident


def _check_marking(work: Work, report: Report) -> None:
    """
    Raises:
        RedStaysInside: the report, or an incident that it concerns, is TLP:RED.
        HeldBack: the same, of an incident that is not for the actor to see.
    """
    around = concerns(work, [report.id])[report.id]
    if not all(one.is_open for one in around):
        raise HeldBack(reference=report.reference)
    marked = [(report.reference, report.tlp), *((one.reference, one.tlp) for one in around)]
    for reference, tlp in marked:
        if tlp is Tlp.RED:
            raise RedStaysInside(reference=reference)


def _is_anonymous(report: Report) -> bool:
    """Nothing of the browser was kept of who said so at the beginning, and they were promised that it stays so."""
    says = report.reporter or report.organisation or report.contact
    return not says and not set(report.headers) - {FILE_NAMES}


def _same_sending(work: Work, sending: str | None) -> Message | None:
    if sending is None:
        return None
    return work.session.scalars(
        sa.select(Message).where(Message.form_token == sending)
    ).one_or_none()


def _read(work: Work, reference: str, upto: int | None) -> int:
    """What came in on a report or an incident and is for the actor to see."""
    wanted = messages_of(work, reference).with_only_columns(Message.id).where(is_unread)
    if upto is not None:
        wanted = wanted.where(Message.id <= upto)
    statement = (
        sa.update(Message)
        .where(Message.id.in_(wanted))
        .values(read_at=work.now, read_by_id=work.actor.id)
        .returning(Message.id)
    )
    return len(work.session.execute(statement).all())
