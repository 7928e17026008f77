"""Reports that a connector made of what it read: one to a key, told of again at the same one."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp, TlpUnknown
from cirt.kernel.work import Work
from cirt.register import texts
from cirt.register.commands import SentFile, TakeReport
from cirt.register.intake import MAX_TEXT_BYTES, take_report
from cirt.register.models import Report, ReportSource
from cirt.register.telling import open_report, tell_again
from cirt.sources.models import SourceKey
from cirt.sources.setup import SetUp

_MAX_EVENTS = 8 * 1024 * 1024  # bytes of the file beside a report


class NotReports(Invalid):
    code = "not-reports"
    message = mark("What the connector made is no list of reports: {problem}")


class Told(msgspec.Struct, frozen=True):
    """As ``cirt.plugin.REPORTS`` says."""

    key: str
    title: str
    text: str = ""
    organisation: str = ""
    events: str = ""
    tlp: str = ""

    def level(self, least: Tlp) -> Tlp:
        """What it says, where that is stricter than ``least``."""
        return max(least, Tlp.parse(self.tlp)) if self.tlp else least

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    @property
    def body(self) -> str:
        whole = f"{self.title}\n\n{self.text}".strip() or "-"
        return texts.as_sent(whole)[: MAX_TEXT_BYTES - 4].decode("utf-8", "ignore")


@dataclass(slots=True)
class Telling:
    """What became of them: ``taken`` are new reports or further times of one, ``known`` say nothing new."""

    taken: int = 0
    known: int = 0


_told = msgspec.json.Decoder(list[Told])


def read_reports(body: bytes) -> list[Told]:
    """
    Raises:
        NotReports.
    """
    try:
        told = _told.decode(body)
        if any(one.level(Tlp.CLEAR) is Tlp.RED for one in told):
            raise NotReports(problem="TLP:RED is for named persons.")
    except TlpUnknown as error:
        raise NotReports(problem=str(error)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotReports(problem=str(error)[:200]) from error
    return told


def take_reports(work: Work, use: SetUp, told: list[Told]) -> Telling:
    """In the order in which they were told; each is entered once whatever is handed over again."""
    done = Telling()
    for one in told:
        if _take(work, use, one):
            done.taken += 1
        else:
            done.known += 1
    return done


def _take(work: Work, use: SetUp, one: Told) -> bool:
    """Whether it says something that was not here."""
    digest = one.digest
    key_hash = hashlib.sha256(texts.as_sent(one.key)).hexdigest()
    known = work.session.get(SourceKey, (use.name, key_hash))
    if known is not None and known.digest == digest:
        return False
    report = open_report(work, known.report_id) if known else None
    if known is None or report is None:
        made = _first_time(work, use, one)
        if known is None:
            known = SourceKey(source=use.name, key_hash=key_hash)
            work.session.add(known)
        known.report_id, known.count = made.id, 1
    else:
        known.count += 1
        tell_again(work, report, one.title, one.body, known.count)
        work.audit("source.again", report.reference, count=known.count)
    known.digest, known.last_at = digest, work.now
    return True


def _first_time(work: Work, use: SetUp, one: Told) -> Report:
    command = TakeReport(
        text=one.body,
        organisation=one.organisation,
        reporter=use.name,
        tlp=one.level(use.tlp),
        lane=use.lane,
        source=ReportSource.CONNECTOR,
        headers={"source": use.name, "key": texts.storable(one.key)[:500]},
        files=tuple(_files(one)),
    )
    return take_report(work, command)[0]


def _files(one: Told) -> Iterator[SentFile]:
    if one.events:
        body = texts.as_sent(one.events)[:_MAX_EVENTS]
        yield SentFile("events.jsonl", "application/x-ndjson", body)
