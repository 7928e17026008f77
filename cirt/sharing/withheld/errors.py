"""What can go wrong with the do-not-share list."""

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark


class NoValues(Invalid):
    code = "withheld-nothing"
    message = mark("Write at least one value: an address, a network, a domain, a URL, a hash.")


class ValuesUnread(Invalid):
    code = "withheld-unread"
    message = mark(
        "{count} of these are no values that objects could name, such as {examples}. Correct or remove them; nothing was saved."
    )


class TooManyValues(Invalid):
    code = "withheld-too-many"
    message = mark("These are {count} values. Enter at most {most} at a time.")


class UntilPast(Invalid):
    code = "until-past"
    message = mark("That day is over. Choose a later one, or none.")


class NothingTicked(Invalid):
    code = "nothing-ticked"
    message = mark("Tick at least one line.")
