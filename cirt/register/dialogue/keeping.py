"""Adds a message to a report or an incident with all that follows: files, observables, timeline, trail."""

import hashlib
import json
import re
from collections.abc import Iterable

import sqlalchemy as sa

from cirt.files.store import put_attachment
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.register import codes, texts
from cirt.register.commands import SentFile
from cirt.register.dialogue.errors import MessageEmpty, MessageTooLong, TooManyMessages
from cirt.register.dialogue.models import Direction, Message, MessageFile, MessageKind
from cirt.register.errors import TooManyFiles
from cirt.register.extract import find
from cirt.register.findings import MAX_FOUND, keep_found, offer_found
from cirt.register.incidents import note_entry
from cirt.register.intake import MAX_FILES, MAX_TEXT_BYTES, TEXT_LIMIT
from cirt.register.linking.whereabouts import incidents_on, red_around
from cirt.register.models import EntryKind, Incident, Report

MAX_MESSAGES = 200  # that came in on one report

_ENTRIES = {
    MessageKind.QUESTION: EntryKind.REPORTER_ASKED,
    MessageKind.LETTER: EntryKind.REPORTER_TOLD,
    MessageKind.ANSWER: EntryKind.REPORTER_ANSWERED,
    MessageKind.AGAIN: EntryKind.REPORTED_AGAIN,
}
_MAIL_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@(?:[\w-]+\.)+[\w-]{2,}\Z")
_ENCODED = "=?"  # how a header begins what is to be read otherwise


def check_message(text: str, files: tuple[SentFile, ...] = ()) -> None:
    """
    Raises:
        MessageEmpty, MessageTooLong, TooManyFiles.
    """
    if not text.strip() and not files:
        raise MessageEmpty
    if len(texts.as_sent(text)) > MAX_TEXT_BYTES:
        raise MessageTooLong(limit=TEXT_LIMIT)
    if len(files) > MAX_FILES:
        raise TooManyFiles(count=len(files), limit=MAX_FILES)


def check_room(work: Work, report: Report) -> None:
    """
    Raises:
        TooManyMessages.
    """
    query = sa.select(sa.func.count()).where(
        Message.report_id == report.id, Message.direction == Direction.IN
    )
    count = work.session.scalar(query) or 0
    if count >= MAX_MESSAGES:
        raise TooManyMessages(count=count)


def keep_message(
    work: Work, message: Message, text: str, files: Iterable[SentFile] = ()
) -> Message:
    """Keep ``message`` with ``text`` as it came; the caller has checked the right and holds its report.

    A text that no column can hold is kept with a sign in place of what it refuses, and its exact bytes as a
    file beside it. What an answer names is offered to the incidents; of a report that concerns TLP:RED ones, only to
    those, and its files are theirs.
    """
    message.text, message.at = texts.storable(text), work.now
    work.session.add(message)
    work.session.flush()
    report = work.session.get(Report, message.report_id) if message.report_id else None
    incidents = _told_on(work, message)
    subject = (report or incidents[0]).reference
    red = red_around(work, report) if report else []
    if red:
        incidents = [incident for incident in incidents if incident.tlp is Tlp.RED]
    count = 0
    for file in _with_exact_text(text, files):
        kept = put_attachment(
            work, red[0] if red else subject, file.name or "file", file.media_type, file.body
        )
        work.session.add(MessageFile(attachment_id=kept.id, message_id=message.id))
        count += 1
    if report is not None:
        for incident in incidents:
            note_entry(work, incident.id, _ENTRIES[message.kind], report=report.reference)
        if message.direction is Direction.IN:
            _find_observables(work, report, incidents, message.text, is_red=bool(red))
    act = f"message.{message.kind}"
    work.audit(act, subject, message=message.id, channel=message.channel, files=count)
    return message


def mail_address(contact: str) -> str:
    """The mail address that a contact is, or nothing: it may be a telephone number, or what no header can hold."""
    address = contact.strip()
    return address if _MAIL_ADDRESS.match(address) and _ENCODED not in address else ""


def sending_hash(
    form_token: str | None, reference: str, text: str, files: Iterable[SentFile]
) -> str | None:
    """For the same form sent twice; with anything else in it, it says something new."""
    if form_token is None:
        return None
    named = [(file.name, hashlib.sha256(file.body).hexdigest()) for file in files]
    return codes.form_hash(json.dumps([form_token, reference, text, named]))


def _told_on(work: Work, message: Message) -> list[Incident]:
    """The incident that it was written in, else all that its report is on."""
    if message.incident_id is not None:
        return [work.session.get_one(Incident, message.incident_id)]
    return incidents_on(work, message.report_id or 0, leading=True)


def _with_exact_text(text: str, files: Iterable[SentFile]) -> Iterable[SentFile]:
    yield from files
    if not texts.is_storable(text):
        yield SentFile("text-as-sent.txt", "text/plain; charset=utf-8", texts.as_sent(text))


def _find_observables(
    work: Work, report: Report, incidents: Iterable[Incident], text: str, *, is_red: bool
) -> None:
    """As for the report's own text (``triage``): of what is RED, others are offered nothing.

    With ``is_red`` they do not become the report's either, for others read those.
    """
    found = [each.observable for each in find(text, MAX_FOUND)]
    if not found:
        return
    if not is_red:
        keep_found(work, report, found)
    for incident in incidents:
        if report.tlp is not Tlp.RED or incident.tlp is Tlp.RED:
            offer_found(work, incident.id, found, report.reference)
