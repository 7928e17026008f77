"""Forms of the letter with which mails are acknowledged."""

from cirt.inputs.base import CommandInput, Flag, Line, Text, Whole
from cirt.kernel.text import mark
from cirt.register.acknowledging.commands import (
    RestoreAcknowledgement,
    SaveAcknowledgement,
    SetAcknowledging,
)

_VERSION = mark("Open the page again: the form does not say which version it shows.")


class SetAcknowledgingInput(CommandInput[SetAcknowledging]):
    command = SetAcknowledging

    is_on = Flag()
    language = Line(12, missing=mark("Choose one of the list."))
    version = Whole(0, say=_VERSION)


class SaveAcknowledgementInput(CommandInput[SaveAcknowledgement]):
    command = SaveAcknowledgement

    subject = Line(200, missing=mark("Write a subject."))
    body = Text(
        5000,
        missing=mark("Write what the reporter is to read."),
        long=mark("Shorten the letter to 5000 characters."),
    )
    version = Whole(0, say=_VERSION)


class RestoreAcknowledgementInput(CommandInput[RestoreAcknowledgement]):
    command = RestoreAcknowledgement

    version = Whole(0, say=_VERSION)
