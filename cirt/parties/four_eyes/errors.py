"""What can go wrong with a request and its decision."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchRequest(NotFound):
    code = "no-such-request"
    message = mark("There is no such request.")


class RequestDecided(Conflict):
    code = "request-decided"
    message = mark("This was {state} already. Nothing was changed.")


class OwnChange(Conflict):
    code = "own-change"
    message = mark("Somebody else must decide this: you asked for it.")


class NotYours(Conflict):
    code = "not-your-request"
    message = mark("Only who asked for it withdraws it.")


class PersonAsks(Conflict):
    code = "person-asks"
    message = mark("This is asked for and decided by persons who have signed in.")


class WordsNeeded(Invalid):
    code = "words-needed"
    message = mark("Say why: a comment is needed to refuse.")


class ReasonNeeded(Invalid):
    code = "reason-needed"
    message = mark("Say why. The reason stands in the history.")


class ShownIsOld(Conflict):
    code = "shown-is-old"
    message = mark("This is not what the page showed. Look again before you decide.")


class RequestVoided(Conflict):
    code = "request-voided"
    message = mark(
        "This was void: what it was to change has changed in between, or who asked may no longer ask. "
        "Ask anew if it is still wanted."
    )
