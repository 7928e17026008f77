"""What was read, taken or changed: leaks and defaced pages."""

from cirt.kernel.text import mark
from cirt.register.playbooks.included.common import (
    ANSWER,
    CLOSE,
    REVIEW,
    SEARCH,
    SHARE,
    TOLD,
    WATCH,
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
    "information-content-security": Steps(
        mark("Information read, changed or lost"),
        ("information-content-security",),
        (
            ANSWER,
            identify(
                mark(
                    "Find out which information, whose, how much, and who could read or change it."
                ),
                hours(8),
            ),
            identify(
                mark("Have the access logs kept, and an unchanged copy of the data as it is now."),
                hours(8),
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Have the way closed by which it was reached; limit who can change it now."),
                hours(4),
            ),
            contain(mark("Have keys and passwords renewed that stood in the data."), hours(24)),
            eradicate(mark("Find what else could be reached the same way."), days(3)),
            recover(
                mark(
                    "Have changed data set right from a copy of which the day is known to be good."
                ),
                days(5),
            ),
            WATCH,
            CLOSE,
        ),
    ),
    "data-leak": Steps(
        mark("Data leak"),
        ("information-content-security/data-leak",),
        (
            ANSWER,
            identify(
                mark(
                    "Look at a small sample to see whether it is real, new and whose; copy no more."
                ),
                hours(8),
            ),
            identify(
                mark("Find out which persons, passwords, keys or secrets are in it, and how many."),
                hours(24),
            ),
            identify(
                mark("Find the source: a hacked system, an open store, a supplier, a person."),
                days(2),
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Have the open store or the hole closed, and its logs kept before that."),
                hours(2),
            ),
            contain(
                mark(
                    "Ask the host or the platform to remove the data, and search engines to forget it."
                ),
                hours(8),
            ),
            contain(mark("Have leaked passwords and keys made useless at once."), hours(8)),
            contain(
                mark(
                    "Have the data protection authority told, if persons are concerned; note when."
                ),
                hours(48),
            ),
            eradicate(mark("Have copies looked for and removed where they can be."), days(7)),
            recover(
                mark(
                    "Help the organisation to tell those concerned what leaked and what they can do."
                ),
                days(3),
            ),
            recover(mark("Watch forums and leak sites for the data for a month."), days(30)),
            CLOSE,
            REVIEW,
        ),
    ),
    "web-defacement": Steps(
        mark("Defaced web page"),
        ("information-content-security/unauthorised-information-modification",),
        (
            identify(
                mark("Keep a picture and the source of the changed page, with the time."), hours(1)
            ),
            identify(
                mark(
                    "Look whether it only shows or also attacks visitors: scripts, files, redirects."
                ),
                hours(2),
            ),
            ANSWER,
            identify(
                mark("Find out who hosts it and which other sites stand on the same system."),
                hours(4),
            ),
            SEARCH,
            contain(
                mark("Have the site replaced by a plain page, served from another system."),
                hours(2),
            ),
            contain(
                mark("Have the files and logs of the server copied before anybody cleans it."),
                hours(4),
            ),
            contain(
                mark("Have the site's accounts, keys and database passwords changed."), hours(8)
            ),
            SHARE,
            eradicate(
                mark("Find the way in: old system, add-on, stolen password; and close it."), days(2)
            ),
            eradicate(
                mark(
                    "Look for planted scripts and accounts; set the site up anew from a good copy."
                ),
                days(3),
            ),
            recover(
                mark(
                    "Put the site back, have it looked at from outside, and warnings about it lifted."
                ),
                days(4),
            ),
            WATCH,
            learn(mark("Tell owners of sites with the same system what to update."), days(7)),
            CLOSE,
        ),
    ),
}
