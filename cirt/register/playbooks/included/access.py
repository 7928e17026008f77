"""Accounts, and holes that nobody used yet."""

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
    "compromised-account": Steps(
        mark("Compromised account"),
        ("intrusions/unprivileged-account-compromise", "intrusions/privileged-account-compromise"),
        (
            ANSWER,
            identify(
                mark(
                    "Find out which accounts, with which rights, and since when; get the sign-in logs."
                ),
                hours(4),
            ),
            identify(
                mark(
                    "Find out what the account was used for: mail sent, files read, other accounts opened."
                ),
                hours(8),
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Have sessions and app permissions ended first, then the password changed."),
                hours(1),
            ),
            contain(
                mark(
                    "Have forwarding rules, added devices and recovery addresses looked at and removed."
                ),
                hours(4),
            ),
            contain(
                mark("Warn those who got mail from the account, by another way than mail."),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark("Find out how the password was lost and look for others lost the same way."),
                days(2),
            ),
            eradicate(
                mark(
                    "Where it had rights of an administrator: treat it as an intrusion and apply that too."
                ),
                hours(8),
            ),
            recover(
                mark(
                    "Have a second factor that cannot be phished switched on before it is used again."
                ),
                days(3),
            ),
            WATCH,
            CLOSE,
        ),
    ),
    "vulnerable": Steps(
        mark("Open or badly set service"),
        ("vulnerable",),
        (
            identify(
                mark("Check that the finding is right, without going further than it needs."),
                hours(24),
            ),
            identify(mark("Find the owner and who there can change it."), hours(24)),
            identify(
                mark("Ask whether anybody has used it already; if so, open it as an incident."),
                days(2),
            ),
            contain(
                mark("Tell the owner what was seen, when, why it matters and how to close it."),
                days(2),
            ),
            contain(mark("Have access limited to those who need it until it is mended."), days(3)),
            eradicate(
                mark("Have it mended: the update, the setting, or the service switched off."),
                days(7),
            ),
            recover(mark("Look again from outside, and tell the owner the result."), days(14)),
            learn(
                mark("Count how many more there are in the country and plan to tell their owners."),
                days(21),
            ),
        ),
    ),
    "vulnerability": Steps(
        mark("Vulnerability in a product"),
        ("vulnerable/vulnerable-system",),
        (
            identify(
                mark("Find out product, versions and effect; ask for or assign a CVE number."),
                hours(24),
            ),
            identify(mark("Try it on a system of our own, and note the steps."), days(3)),
            identify(
                mark("Find out whether it is used in attacks; look in the known lists."), hours(24)
            ),
            contain(
                mark(
                    "Tell the maker by its security contact, encrypted, with a date for publication."
                ),
                days(2),
            ),
            contain(mark("Agree with finder and maker on who tells whom what and when."), days(7)),
            contain(
                mark("Warn those who run it at once, if it is used already, with a way around it."),
                hours(24),
            ),
            SHARE,
            eradicate(
                mark("Follow the maker's work, and check that the update closes it."), days(45)
            ),
            recover(
                mark("Publish an advisory with CVE, versions, update and way around it."), days(60)
            ),
            recover(
                mark("Look who has not updated two weeks later, and tell them by name."), days(75)
            ),
            learn(mark("Thank the finder in the way that was agreed."), days(75)),
            REVIEW,
        ),
    ),
}
