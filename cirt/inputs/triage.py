"""Forms of triage beyond a single decision: merges, links, bulk acts, views, forwarding."""

import re

from cirt.inputs.base import Choice, CommandInput, Flag, Line, Text, Whole
from cirt.inputs.intake import Sector
from cirt.inputs.several import Names
from cirt.kernel.text import mark
from cirt.register import commands
from cirt.register.bulk.commands import ConfirmBulk, TickReports
from cirt.register.bulk.models import BulkDo
from cirt.register.forwarding.commands import ForwardReport, SaveAgency
from cirt.register.linking.commands import LinkReport, UnlinkReport
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.views.commands import SaveView

_VERSION = mark("Open the page again: the form does not say which version it shows.")
_REASON = mark("Say why; the reason is kept.")
_LONG_REASON = mark("Shorten the reason to 4000 characters.")
_REFERENCE = mark("Enter a reference like INC-2026-0042 or REP-2026-0042.")
_TICK = mark("Tick at least one report, then choose what to do with them.")
_SHAPE = re.compile(r"(INC|REP)-\d{4}-\d{4,}\Z", re.ASCII)


class _Reference(Line):
    """Small letters and spaces around it are forgiven."""

    def __init__(self) -> None:
        super().__init__(24, missing=_REFERENCE, long=_REFERENCE)

    def trimmed(self, text: str) -> str:
        return super().trimmed(text).upper()


def _reason(*, needed: bool = False) -> Text:
    return Text(4000, missing=_REASON if needed else None, long=_LONG_REASON)


def _shape(name: str, reference: str) -> dict[str, list[str]]:
    return {} if _SHAPE.match(reference) else {name: [_REFERENCE]}


class MergeInput(CommandInput[Merge]):
    command = Merge

    version = Whole(1, say=_VERSION)
    leading = _Reference()
    reason = _reason(needed=True)

    def problems(self, command: Merge) -> dict[str, list[str]]:
        return _shape("leading", command.leading)


class UnmergeInput(CommandInput[Unmerge]):
    command = Unmerge

    merge_id = Whole(1, say=_VERSION)


class LinkReportInput(CommandInput[LinkReport]):
    command = LinkReport

    to = _Reference()
    reason = _reason()

    def problems(self, command: LinkReport) -> dict[str, list[str]]:
        return _shape("to", command.to)


class UnlinkReportInput(CommandInput[UnlinkReport]):
    command = UnlinkReport

    to = _Reference()


class MarkSpamInput(CommandInput[commands.MarkSpam]):
    command = commands.MarkSpam

    version = Whole(1, say=_VERSION)
    reason = _reason()


class NameSectorInput(CommandInput[commands.NameSector]):
    command = commands.NameSector

    version = Whole(1, say=_VERSION)
    sector = Sector()


class ForwardReportInput(CommandInput[ForwardReport]):
    command = ForwardReport

    version = Whole(1, say=_VERSION)
    to = Line(80, missing=mark("Choose a CIRT or an agency of the list."))
    reason = Text(4000, missing=mark("Say why they are competent; the reason is kept."))
    words = Text(
        20_000,
        missing=mark("Write what they are to read."),
        long=mark("Shorten the words that leave to 20,000 characters."),
    )


class TickReportsInput(CommandInput[TickReports]):
    command = TickReports

    do = Choice(BulkDo, say=mark("Choose what to do with the ticked reports."))
    references = Names(missing=_TICK)


class ConfirmBulkInput(CommandInput[ConfirmBulk]):
    command = ConfirmBulk

    reason = _reason()
    target = Line(24)


class SaveViewInput(CommandInput[SaveView]):
    command = SaveView

    name = Line(
        60, missing=mark("Give the view a name."), long=mark("Shorten the name to 60 characters.")
    )
    query = Line(400)
    shared = Flag()


class SaveAgencyInput(CommandInput[SaveAgency]):
    command = SaveAgency

    name = Line(200, missing=mark("Enter the name of the agency."))
    address = Line(254, missing=mark("Enter a mail address or a telephone number."))
    purpose = Text(2000, missing=mark("Say what it is competent for."))
    version = Whole(0, optional=True)
