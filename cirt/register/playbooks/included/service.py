"""Availability, and what fits nowhere else."""

from cirt.kernel.text import mark
from cirt.register.playbooks.included.common import (
    ANSWER,
    CLOSE,
    REVIEW,
    SEARCH,
    SHARE,
    TOLD,
    contain,
    days,
    eradicate,
    hours,
    identify,
    learn,
    recover,
)
from cirt.register.playbooks.rules import Steps

PLAYBOOKS = {
    "availability": Steps(
        mark("Outage"),
        ("availability",),
        (
            ANSWER,
            identify(
                mark("Find out what does not work, for whom, since when, and what depends on it."),
                hours(2),
            ),
            identify(
                mark(
                    "Find out whether it is an attack, a fault or a mistake; ask what changed before."
                ),
                hours(4),
            ),
            TOLD,
            contain(
                mark("Agree on one place where the state is told, and when the next word comes."),
                hours(4),
            ),
            contain(mark("Have the most needed services moved to what still works."), hours(8)),
            eradicate(
                mark("Have the cause removed, and its proof kept where it was on purpose."), days(2)
            ),
            recover(
                mark(
                    "Have services brought back in an order that was agreed, and tested by users."
                ),
                days(3),
            ),
            learn(
                mark("Have the plan for outages changed by what was missing this time."), days(21)
            ),
            CLOSE,
        ),
    ),
    "ddos": Steps(
        mark("Denial of service"),
        ("availability/ddos", "availability/dos"),
        (
            ANSWER,
            identify(
                mark(
                    "Find out what is hit and how: volume, protocol or application; get a sample of the traffic."
                ),
                hours(1),
            ),
            identify(
                mark(
                    "Ask for a threat or a demand that came before, and who else of the sector is hit."
                ),
                hours(4),
            ),
            identify(
                mark("Look for a second attack behind it: sign-ins, changes, money."), hours(8)
            ),
            TOLD,
            contain(
                mark(
                    "Bring the victim and its provider together; have filters set as near to the source as can be."
                ),
                hours(2),
            ),
            contain(
                mark(
                    "Have the costly parts of the service switched off and a plain page shown instead."
                ),
                hours(4),
            ),
            contain(
                mark("Tell the networks that the traffic comes from, reflectors most of all."),
                hours(24),
            ),
            SHARE,
            eradicate(mark("Have control servers reported where they are known."), days(3)),
            recover(
                mark("Take filters away step by step, and keep them ready for the next wave."),
                days(3),
            ),
            recover(mark("Watch for a week; such attacks come again on the same days."), days(7)),
            learn(
                mark(
                    "Have the victim agree with its provider on numbers, names and filters for next time."
                ),
                days(21),
            ),
            CLOSE,
        ),
    ),
    "other": Steps(
        mark("Anything else"),
        ("other",),
        (
            ANSWER,
            identify(
                mark("Find out what happened, to whom, since when, and what they need from us."),
                hours(8),
            ),
            identify(
                mark("Choose the class that fits; nothing is closed as undetermined."), days(2)
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Agree with the reporter on the next step, and on who takes it."), hours(24)
            ),
            contain(
                mark("Hand it over if it is not ours, and tell the reporter to whom."), days(2)
            ),
            CLOSE,
        ),
    ),
    "test": Steps(
        mark("Exercise or test"),
        ("test",),
        (
            identify(
                mark("Write down who plays, what is tested and what must not be touched."), hours(1)
            ),
            contain(mark("Mark every message that leaves as an exercise."), hours(1)),
            recover(
                mark("Remove what the exercise left behind: accounts, indicators, messages."),
                days(2),
            ),
            REVIEW,
        ),
    ),
}
