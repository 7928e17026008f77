"""Against people: fraud, phishing, abusive content, spam."""

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
    "fraud": Steps(
        mark("Fraud"),
        ("fraud",),
        (
            ANSWER,
            identify(
                mark(
                    "Find out whose name or service is misused, and whether money or data has moved."
                ),
                hours(4),
            ),
            identify(
                mark(
                    "Keep the messages with all headers, the pages as pictures, and payment details."
                ),
                hours(8),
            ),
            TOLD,
            SEARCH,
            contain(
                mark(
                    "Where money moved: have the victim call its bank at once and ask for a recall."
                ),
                hours(2),
            ),
            contain(
                mark("Ask the platform or provider to take the false account or page down."),
                hours(8),
            ),
            contain(
                mark("Tell the police contact and note the reference of the criminal complaint.")
            ),
            eradicate(
                mark("Check that every copy of the false offer is gone; ask again where not."),
                days(3),
            ),
            recover(
                mark(
                    "Help the victim to warn its customers in words that the fraudster cannot reuse."
                )
            ),
            CLOSE,
        ),
    ),
    "phishing": Steps(
        mark("Phishing"),
        ("fraud/phishing",),
        (
            ANSWER,
            identify(
                mark("Get the mail as a file with all headers, and the full address of the page."),
                hours(2),
            ),
            identify(
                mark(
                    "Open the page from an isolated system; keep a picture, its source and certificate."
                ),
                hours(2),
            ),
            identify(
                mark(
                    "Find out who got the mail, who clicked, and who typed a password or card number."
                ),
                hours(8),
            ),
            SEARCH,
            contain(
                mark("Ask the host, the registrar and the owner of the page to take it down."),
                hours(4),
            ),
            contain(
                mark(
                    "Report the address to the browsers' block lists and to the organisation imitated."
                ),
                hours(4),
            ),
            contain(
                mark("Have passwords of those who typed them changed and their sessions ended."),
                hours(4),
            ),
            contain(
                mark("Have the mail removed from all mailboxes and its sender and links blocked."),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark("Check that the page is gone, daily until it has stayed away for three days."),
                days(3),
            ),
            eradicate(
                mark(
                    "Look in the misled accounts for forwarding rules, new apps and added devices."
                ),
                days(2),
            ),
            recover(
                mark("Have a second factor switched on for the accounts that were tricked."),
                days(7),
            ),
            learn(
                mark("Warn the public or the sector if the wave goes on or the imitation is good."),
                days(3),
            ),
            CLOSE,
        ),
    ),
    "abusive-content": Steps(
        mark("Abusive content"),
        ("abusive-content",),
        (
            ANSWER,
            identify(
                mark(
                    "Decide whether it is ours: where a child is concerned, hand it to the hotline at once."
                ),
                hours(1),
            ),
            identify(
                mark(
                    "Keep address, time and account name; do not copy the content itself without need."
                ),
                hours(4),
            ),
            identify(
                mark("Ask whether anybody is in danger; if so, call the police before all else."),
                hours(1),
            ),
            contain(
                mark("Ask the platform or host to remove it, naming its own rules and the law."),
                hours(8),
            ),
            contain(
                mark("Tell the person targeted how to block, report and keep proof."), hours(8)
            ),
            eradicate(
                mark("Check that it is gone, and ask the next provider up if it is not."), days(3)
            ),
            recover(
                mark("Point the person targeted to help: counselling, legal advice, the police."),
                days(3),
            ),
            CLOSE,
        ),
    ),
    "spam-wave": Steps(
        mark("Wave of spam"),
        ("abusive-content/spam",),
        (
            identify(
                mark("Keep ten samples with all headers from different recipients."), hours(4)
            ),
            identify(
                mark(
                    "Find out from the headers which systems send it: own, hacked, or rented for it."
                ),
                hours(8),
            ),
            identify(
                mark(
                    "Look whether it carries files or links; if so, apply the playbook for these too."
                ),
                hours(4),
            ),
            SEARCH,
            contain(
                mark(
                    "Tell the owners and providers of the sending systems, with samples and times."
                ),
                hours(24),
            ),
            contain(
                mark("Give the patterns to the mail operators so that they can filter it."),
                hours(24),
            ),
            SHARE,
            eradicate(
                mark(
                    "Where systems of ours send: close the hole or the account through which they do."
                ),
                days(2),
            ),
            recover(
                mark("Have the addresses taken off block lists once nothing is sent any more."),
                days(5),
            ),
            learn(
                mark(
                    "Check SPF, DKIM and DMARC of the domains that were imitated, and say what to mend."
                ),
                days(14),
            ),
            REVIEW,
        ),
    ),
    "information-gathering": Steps(
        mark("Scanning and probing"),
        ("information-gathering",),
        (
            ANSWER,
            identify(
                mark("Find out what was sought: ports, pages, accounts, people; and from where."),
                hours(8),
            ),
            identify(
                mark("Look in the logs whether anything sought was found and used."), hours(24)
            ),
            SEARCH,
            contain(mark("Tell the owner of the source, who is often a victim too."), hours(24)),
            contain(
                mark("Have what must not be reachable from outside closed or limited."), hours(24)
            ),
            contain(
                mark(
                    "Where people were called or written to: warn the staff with the words that were used."
                ),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark("Have versions and names that services tell to strangers removed."), days(7)
            ),
            WATCH,
            learn(
                mark("Have the organisation look at itself from outside, and again each month."),
                days(21),
            ),
            CLOSE,
        ),
    ),
}
