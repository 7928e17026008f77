"""What cannot be checked, or asked for again."""

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.text import mark


class NoSuchCheck(NotFound):
    code = "no-such-check"
    message = mark("There is no check {id}.")


class OnlyReadingChecked(Conflict):
    code = "only-reading-checked"
    message = mark("Link {id} only sends. A check compares what a peer offers with what we hold.")


class CheckBusy(Conflict):
    code = "check-busy"
    message = mark("This link is being checked already, or what is missing is being asked for.")


class NothingMissing(Conflict):
    code = "nothing-missing"
    message = mark("Check {id} is not at its end, or found nothing missing.")
