"""What a reporter reads with reference and code: how the report stands, and what we and they have written."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register.commands import AskStatus
from cirt.register.dialogue.models import Channel, Direction, Message, MessageKind
from cirt.register.dialogue.queries import BEGINNING, files_of
from cirt.register.intake import report_by_code
from cirt.register.labels import REPORTER_WORDS
from cirt.register.models import Lane, Report, ReportState

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ReporterMessage:
    is_ours: bool
    kind: MessageKind
    subject: str
    text: str  # of theirs the beginning
    at: datetime
    files: tuple[str, ...]  # names of what they sent


@dataclass(frozen=True, slots=True)
class FollowUp:
    """``sentence`` is marked for translation; of a TLP:RED report there is nothing else."""

    reference: str
    sentence: str
    lane: Lane | None
    messages: tuple[ReporterMessage, ...]  # the newest first
    waits_for_answer: bool
    takes_answers: bool


def follow_up(work: Work, cmd: AskStatus) -> FollowUp:
    """
    Raises:
        CodeWrong.
    """
    report = report_by_code(work, cmd)
    messages = () if report.tlp is Tlp.RED else _messages(work, report)
    return FollowUp(
        reference=report.reference,
        sentence=REPORTER_WORDS[report.state],
        lane=None if report.tlp is Tlp.RED else report.lane,
        messages=messages,
        waits_for_answer=bool(messages) and messages[0].kind is MessageKind.QUESTION,
        takes_answers=report.state is not ReportState.REJECTED,
    )


def _messages(work: Work, report: Report) -> tuple[ReporterMessage, ...]:
    """What went to them and what they wrote here; not what we wrote down of a call, nor what came by mail, which
    another may have sent in their name."""
    theirs = sa.and_(Message.direction == Direction.IN, Message.channel == Channel.PAGE)
    query = (
        sa.select(Message)
        .where(Message.report_id == report.id, sa.or_(Message.direction == Direction.OUT, theirs))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(_SHOWN)
    )
    found = work.session.scalars(query).all()
    files = files_of(work, [one.id for one in found])
    return tuple(
        ReporterMessage(
            is_ours=one.direction is Direction.OUT,
            kind=one.kind,
            subject=one.subject,
            text=one.text if one.direction is Direction.OUT else one.text[:BEGINNING],
            at=one.at,
            files=tuple(file.name for file in files.get(one.id, ())),
        )
        for one in found
    )
