"""What a system tells of again: a further time of the report that was made of it, for as long as somebody works on that."""

from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.dialogue.keeping import MAX_MESSAGES, keep_message
from cirt.register.dialogue.models import Channel, Direction, Message, MessageKind
from cirt.register.linking.whereabouts import is_worked_on
from cirt.register.models import Report, ReportState


def open_report(work: Work, report_id: int) -> Report | None:
    """None where nobody works on it any more: then it begins anew."""
    report = work.session.get_one(Report, report_id)
    if report.state is ReportState.REJECTED:
        return None
    return report if is_worked_on(work, report) else None


def tell_again(work: Work, report: Report, title: str, text: str, count: int) -> None:
    """Nobody is asked to read it: whoever works on the report finds it there. Beyond 200 times it is counted alone."""
    if count > MAX_MESSAGES:
        return
    message = Message(
        report_id=report.id,
        direction=Direction.IN,
        channel=Channel.WEBHOOK,
        kind=MessageKind.AGAIN,
        subject=texts.one_line(texts.storable(title), 200),
        headers={"count": count},
        read_at=work.now,
    )
    keep_message(work, message, text)
