"""Forms of the exchange: what is said of objects, and what is right where two contents differ."""

from cirt.exchange.cases.asking import AskPeer
from cirt.exchange.cases.commands import Decide, DecideAlike, Do
from cirt.exchange.loops.disputes import Solution, Solve
from cirt.exchange.remarks.commands import JudgeObject, NoteObject, Opinion
from cirt.exchange.remarks.relating import RelateObjects, Relation
from cirt.exchange.sightings import MAX_COUNT, ReportSighting
from cirt.exchange.watching.commands import ExpectAlert
from cirt.inputs.base import Choice, CommandInput, Line, Marking, Text, Whole
from cirt.inputs.several import Day
from cirt.kernel.text import mark

_OPEN_AGAIN = mark("Open the page again: the form does not say what it showed.")
_LAST_US = 253402300799 * 10**6  # the last second of the year 9999


def _why() -> Text:
    return Text(2000, long=mark("Shorten this to 2000 characters."))


class ReportSightingInput(CommandInput[ReportSighting]):
    """The edge adds ``stix_id``."""

    command = ReportSighting

    count = Whole(
        1, MAX_COUNT, say=mark("Enter how many times it was seen: a whole number from 1 on.")
    )
    first = Day()
    last = Day()
    where = Line(200, long=mark("Shorten the name to 200 characters."))
    tlp = Marking(optional=True)

    def problems(self, command: ReportSighting) -> dict[str, list[str]]:
        if command.first > command.last:
            return {"last": [mark("The last day is before the first one. Swap them.")]}
        return {}


class NoteObjectInput(CommandInput[NoteObject]):
    """The edge adds ``stix_id``."""

    command = NoteObject

    abstract = Line(200, long=mark("Shorten the heading to 200 characters."))
    content = Text(
        10_000,
        missing=mark("Write what you have to say of it."),
        long=mark("Shorten this to 10,000 characters."),
    )
    tlp = Marking()


class JudgeObjectInput(CommandInput[JudgeObject]):
    """The edge adds ``stix_id``."""

    command = JudgeObject

    opinion = Choice(Opinion, say=mark("Choose how far you agree."))
    explanation = Text(
        4000,
        missing=mark("Say what makes you think so: an opinion without reasons helps nobody."),
        long=mark("Shorten this to 4000 characters."),
    )
    tlp = Marking()


class DecideInput(CommandInput[Decide]):
    """The edge adds ``arrival_id``."""

    command = Decide

    reason = _why()


class DecideAlikeInput(CommandInput[DecideAlike]):
    """``upto`` and ``shown_us`` say what the page counted."""

    command = DecideAlike

    peer = Line(100)
    code = Line(64, missing=_OPEN_AGAIN)
    upto = Whole(1, say=_OPEN_AGAIN)
    shown_us = Whole(1, _LAST_US, say=_OPEN_AGAIN)
    do = Choice(Do, say=mark("Choose whether they are taken or dropped."))
    reason = _why()


class AskPeerInput(CommandInput[AskPeer]):
    """The edge adds ``arrival_id``."""

    command = AskPeer

    address = Line(254, missing=mark("Enter the mail address of the peer's contact."))
    subject = Line(200, missing=mark("Enter a subject."))
    text = Text(
        10_000, missing=mark("Write what you ask."), long=mark("Shorten this to 10,000 characters.")
    )


class SolveInput(CommandInput[Solve]):
    """The edge adds ``arrival_id``."""

    command = Solve

    solution = Choice(Solution, say=mark("Choose which content is right."))


class RelateObjectsInput(CommandInput[RelateObjects]):
    """The edge adds ``stix_id``."""

    command = RelateObjects

    kind = Choice(Relation, say=mark("Choose how the two are related."))
    target = Line(300, missing=mark("Enter the id of the other object, or what it looks for."))
    tlp = Marking()


class ExpectAlertInput(CommandInput[ExpectAlert]):
    """The edge adds ``alert_id``."""

    command = ExpectAlert

    reason = Text(
        1000,
        missing=mark("Say why it is expected: whoever comes after you will ask."),
        long=mark("Shorten this to 1000 characters."),
    )
