"""The words for what messages keep as codes, marked for translation."""

from cirt.kernel.text import mark
from cirt.register.dialogue.models import Channel, MessageKind, MessageState

KINDS = {
    MessageKind.QUESTION: mark("Question"),
    MessageKind.LETTER: mark("Letter"),
    MessageKind.ACKNOWLEDGEMENT: mark("Acknowledgement"),
    MessageKind.ANSWER: mark("Answer"),
    MessageKind.AGAIN: mark("Once more"),
}

CHANNELS = {
    Channel.PAGE: mark("status page"),
    Channel.MAIL: mark("mail"),
    Channel.DESK: mark("said to us"),
    Channel.WEBHOOK: mark("by another system"),
}

STATES = {
    MessageState.WRITTEN: mark("On the status page"),
    MessageState.QUEUED: mark("Waits to be mailed"),
    MessageState.SENT: mark("Mailed"),
    MessageState.FAILED: mark("Could not be mailed"),
}
