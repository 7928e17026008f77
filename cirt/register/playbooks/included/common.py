"""Steps that many playbooks share, and short names for their parts."""

from datetime import timedelta

from cirt.kernel.text import mark
from cirt.register.phases import Phase
from cirt.register.playbooks.rules import Step


def hours(number: int) -> timedelta:
    return timedelta(hours=number)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def identify(text: str, due: timedelta | None = None) -> Step:
    return Step(Phase.IDENTIFY, text, due)


def contain(text: str, due: timedelta | None = None) -> Step:
    return Step(Phase.CONTAIN, text, due)


def eradicate(text: str, due: timedelta | None = None) -> Step:
    return Step(Phase.ERADICATE, text, due)


def recover(text: str, due: timedelta | None = None) -> Step:
    return Step(Phase.RECOVER, text, due)


def learn(text: str, due: timedelta | None = None) -> Step:
    return Step(Phase.LEARN, text, due)


ANSWER = identify(
    mark("Tell whoever reported it that we have it, who handles it and what to keep untouched."),
    hours(2),
)
TOLD = identify(
    mark("Find out whether the law or an agreement asks us to tell anyone, and by when."), hours(4)
)
SEARCH = identify(
    mark("Look for the same addresses, hashes and accounts in other reports and incidents."),
    hours(8),
)
SHARE = contain(
    mark("Make indicators of the confirmed observables and ask for their release to peers."),
    hours(24),
)
WATCH = recover(
    mark("Watch the affected systems and accounts closely for two weeks; note what is seen."),
    days(14),
)
CLOSE = learn(
    mark(
        "Write to the affected organisation what happened, what was done and what it should change."
    ),
    days(14),
)
REVIEW = learn(
    mark("Hold a short review: what went well, what was slow, who changes what until when."),
    days(21),
)
