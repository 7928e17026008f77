"""What can go wrong when a reporter is asked or answers."""

from cirt.kernel.errors import Conflict, Invalid, TooLarge
from cirt.kernel.text import mark


class MessageEmpty(Invalid):
    code = "message-empty"
    message = mark("Write something, or add a file.")


class MessageTooLong(TooLarge):
    code = "message-too-long"
    message = mark(
        "The text is longer than {limit}. Shorten it, or put it into a file and add that."
    )


class TooManyMessages(TooLarge):
    """Somebody with a code could fill the database."""

    code = "too-many-messages"
    message = mark("There are {count} messages on this report already. Call us instead.")


class RedStaysInside(Conflict):
    code = "red-stays-inside"
    message = mark(
        "{reference} is TLP:RED, so nothing about it is written to the reporter here. Call them, and write down "
        "what they said."
    )


class HeldBack(Conflict):
    """Something that the report concerns is not for the asker to see; of that, nothing more is said."""

    code = "held-back"
    message = mark(
        "Nothing can be written to the reporter of {reference} from here: what holds it back is not open to you. "
        "Ask a lead what may be said."
    )


class ReportRejected(Conflict):
    code = "report-rejected"
    message = mark(
        "{reference} was rejected, so no answer can come. Write without asking, or undo the decision first."
    )


class NoMoreAnswers(Conflict):
    """For the reporter."""

    code = "no-more-answers"
    message = mark(
        "We do not pursue this report, so nobody would read an answer. Send a new report and name {reference} in it."
    )


class NoReporter(Conflict):
    code = "no-reporter"
    message = mark("{reference} has no report, so there is no reporter to write to.")


class ReporterNotChosen(Invalid):
    code = "reporter-not-chosen"
    message = mark("{reference} has several reports. Choose to which reporter you write.")
