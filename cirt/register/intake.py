"""What comes in: a report is kept exactly as it came, once, with a reference and a follow-up code."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.files.store import put_attachment
from cirt.kernel.errors import NotAllowed
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import ActorKind, Work
from cirt.register import codes, texts
from cirt.register.commands import AskStatus, SentFile, TakeReport
from cirt.register.errors import (
    CameAtWrong,
    CodeWrong,
    RedNeedsPerson,
    ReportEmpty,
    ReportTooLong,
    TooManyFiles,
)
from cirt.register.extract import find
from cirt.register.findings import MAX_FOUND, keep_found
from cirt.register.labels import REPORTER_WORDS
from cirt.register.likeness.service import compare_report
from cirt.register.merging.queries import fate_of
from cirt.register.models import Report, ReportSource, ReportState, Speaker
from cirt.register.sight import name_person
from cirt.register.urgency.rules import guess_by

MAX_TEXT_BYTES = 1024 * 1024
MAX_FILES = 5
TEXT_LIMIT = "1 MB"
FILE_NAMES = "File-Names"  # among the headers of a report or an answer

_LONGEST_AGO = -timedelta(days=366)
_CLOCKS_DIFFER = timedelta(minutes=2)
_NO_HASH = "0" * 64
_SAID = (
    "text", "organisation", "reporter", "contact", "tlp",
    "lane", "who", "on_behalf_of", "on_behalf_known", "ongoing", "began", "affected", "sector",
)  # fmt: skip
_PROGRAM = (ActorKind.SYSTEM, ActorKind.CONSOLE)  # connectors run as jobs or by hand


def take_report(work: Work, cmd: TakeReport) -> tuple[Report, str]:
    """Keep a report; the code is shown once and stored hashed. Of who stays anonymous no name is kept.

    The same form sent again gives the same report and the same code; with anything else in it, it is a
    report of its own. A text with characters that the database cannot hold is kept with a sign in their
    place, and its exact bytes as a file beside it.

    Raises:
        ReportEmpty, ReportTooLong, TooManyFiles, TooLarge, RedNeedsPerson, CameAtWrong, NotAllowed.
    """
    _check_source(work, cmd)
    _check_sizes(cmd)
    sending = _sending(cmd)
    code = codes.code_for(sending)
    twin = _same_sending(work, sending)
    if twin is not None:
        return twin, code
    with work.session.begin_nested() as attempt:
        reference = next_reference(work, Reference.REPORT)  # holds others back until we commit
        twin = _same_sending(work, sending)
        if twin is not None:
            attempt.rollback()  # no number is spent on the second sending
            return twin, code
        report = _new_report(work, cmd, reference, code, sending)
    _keep_files(work, cmd, reference)
    found = list(dict.fromkeys(each.observable for each in find(report.text, MAX_FOUND)))
    keep_found(work, report, found)
    compare_report(work, report, [one.key for one in found])
    if report.tlp is Tlp.RED:
        name_person(work, reference)
    work.audit(
        "report.take", reference, source=cmd.source, files=len(cmd.files), observables=len(found)
    )
    return report, code


def report_status(work: Work, cmd: AskStatus) -> str:
    """How the report stands, as a marked sentence for its reporter, and nothing else.

    Raises:
        CodeWrong.
    """
    return REPORTER_WORDS[fate_of(work, report_by_code(work, cmd))]


def report_by_code(work: Work, cmd: AskStatus, *, lock: bool = False) -> Report:
    """For the reporter, who has no account.

    Raises:
        CodeWrong: there is no such report, or this is not its code; never told apart.
    """
    reference = texts.storable(cmd.reference.strip().upper())
    query = sa.select(Report).where(Report.reference == reference)
    report = work.session.scalars(query.with_for_update() if lock else query).one_or_none()
    fits = codes.is_code(cmd.code, report.code_hash if report else _NO_HASH)
    if report is None or not fits:
        raise CodeWrong
    return report


def _check_source(work: Work, cmd: TakeReport) -> None:
    if cmd.source is ReportSource.DESK:
        work.require("report:decide")
    elif cmd.source is not ReportSource.FORM and work.actor.kind not in _PROGRAM:
        raise NotAllowed(needed="report:connect")
    if cmd.tlp is Tlp.RED and work.actor.person_id is None:
        raise RedNeedsPerson
    if cmd.came_at is not None and cmd.source is not ReportSource.DESK:
        raise NotAllowed(needed="report:decide")  # strangers' clocks do not sort our queue
    if cmd.came_at is not None and not _LONGEST_AGO < cmd.came_at - work.now <= _CLOCKS_DIFFER:
        raise CameAtWrong


def _check_sizes(cmd: TakeReport) -> None:
    if not cmd.text.strip() and not cmd.files:
        raise ReportEmpty
    if len(texts.as_sent(cmd.text)) > MAX_TEXT_BYTES:
        raise ReportTooLong(limit=TEXT_LIMIT)
    if len(cmd.files) > MAX_FILES:
        raise TooManyFiles(count=len(cmd.files), limit=MAX_FILES)


def _sending(cmd: TakeReport) -> str | None:
    """The form's secret value with all that was said on it: whoever corrects themselves says something new."""
    if cmd.form_token is None:
        return None
    said = [getattr(cmd, name) for name in _SAID]
    files = [(file.name, hashlib.sha256(file.body).hexdigest()) for file in cmd.files]
    return json.dumps([cmd.form_token, said, files], default=str)


def _same_sending(work: Work, sending: str | None) -> Report | None:
    if sending is None:
        return None
    query = sa.select(Report).where(Report.form_token == codes.form_hash(sending))
    return work.session.scalars(query).one_or_none()


def _new_report(
    work: Work, cmd: TakeReport, reference: str, code: str, sending: str | None
) -> Report:
    text = texts.storable(cmd.text)
    speaks = cmd.who is not Speaker.NOBODY
    for_other = cmd.who is Speaker.OTHER
    circumstances = _circumstances(cmd)
    report = Report(
        reference=reference,
        source=cmd.source,
        received_at=cmd.came_at or work.now,
        title=texts.title_of(text) or reference,
        text=text,
        tlp=cmd.tlp,
        organisation=texts.storable(cmd.organisation)[:200] if speaks else "",
        reporter=texts.storable(cmd.reporter)[:200] if speaks else "",
        contact=texts.storable(cmd.contact)[:254] if speaks else "",
        language=texts.storable(cmd.language)[:12],
        lane=cmd.lane,
        on_behalf_of=texts.storable(cmd.on_behalf_of)[:200] if for_other else None,
        on_behalf_known=cmd.on_behalf_known if for_other else None,
        circumstances=circumstances,
        sector=cmd.sector,
        first_guess=guess_by(cmd.lane, circumstances),
        headers=kept_headers(cmd.headers if speaks else {}, cmd.files),
        code_hash=codes.code_hash(code),
        form_token=codes.form_hash(sending) if sending else None,
        state=ReportState.RECEIVED,
        reason="",
        version=1,
    )
    work.session.add(report)
    work.session.flush()
    return report


def kept_headers(headers: Mapping[str, Any], files: Iterable[SentFile]) -> dict[str, Any]:
    """As they came, with the names of files that the list of files cannot show to the letter."""
    names = texts.odd_names(file.name for file in files)
    return {**headers, FILE_NAMES: names} if names else dict(headers)


def _circumstances(cmd: TakeReport) -> dict[str, Any] | None:
    """What was said in answer to the form's questions; nothing of those that were passed over."""
    said = {
        "ongoing": cmd.ongoing,
        "began": cmd.began.isoformat() if cmd.began else None,
        "affected": list(cmd.affected) or None,
    }
    return {name: value for name, value in said.items() if value is not None} or None


def _keep_files(work: Work, cmd: TakeReport, reference: str) -> None:
    for file in _files(cmd):
        put_attachment(work, reference, file.name or "file", file.media_type, file.body)


def _files(cmd: TakeReport) -> Iterable[SentFile]:
    yield from cmd.files
    if not texts.is_storable(cmd.text):
        yield SentFile("text-as-sent.txt", "text/plain; charset=utf-8", texts.as_sent(cmd.text))
