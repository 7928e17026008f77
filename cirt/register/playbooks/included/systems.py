"""Malicious code and intrusions: machines that somebody else commands."""

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
    "malicious-code": Steps(
        mark("Malicious code"),
        ("malicious-code",),
        (
            ANSWER,
            identify(
                mark("Find out which systems are infected, since when, and how it came in."),
                hours(4),
            ),
            identify(
                mark(
                    "Get a sample and its hashes; have it analysed without sending it to the public."
                ),
                hours(8),
            ),
            identify(
                mark("Keep memory and disk of one infected system before it is cleaned."), hours(8)
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Take infected systems off the network, but leave them switched on."), hours(2)
            ),
            contain(
                mark("Have its command servers and download addresses blocked and looked for."),
                hours(4),
            ),
            contain(
                mark(
                    "Have the passwords that were used on infected systems changed from clean ones."
                ),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark("Have infected systems set up anew; do not trust a cleaning tool alone."),
                days(3),
            ),
            eradicate(
                mark("Close the way in: the missing update, the macro, the open service."), days(3)
            ),
            recover(
                mark("Let systems back one by one, after a check with the indicators found."),
                days(5),
            ),
            WATCH,
            CLOSE,
        ),
    ),
    "ransomware": Steps(
        mark("Ransomware"),
        (
            "malicious-code/infected-system",
            "information-content-security/unauthorised-information-modification",
        ),
        (
            identify(
                mark(
                    "Call the victim at once: what stands still, is anybody in danger, who decides there?"
                ),
                hours(1),
            ),
            identify(
                mark(
                    "Keep the ransom note, an encrypted file, a sample and the names of the files."
                ),
                hours(4),
            ),
            identify(
                mark("Find out which family it is, and whether a free decryptor exists."), hours(8)
            ),
            identify(
                mark(
                    "Find the way in and the first day: remote access, mail, supplier, old device."
                ),
                hours(24),
            ),
            identify(
                mark("Look for data that left before the encryption; expect that it did."),
                hours(24),
            ),
            TOLD,
            contain(
                mark(
                    "Have networks separated and infected systems isolated; nobody switches them off."
                ),
                hours(1),
            ),
            contain(
                mark("Have backups taken off the network and checked before anybody needs them."),
                hours(2),
            ),
            contain(
                mark(
                    "Have administrators' accounts, remote access and trust between domains locked."
                ),
                hours(4),
            ),
            contain(
                mark(
                    "Advise against paying, say why, and bring in the police before anybody negotiates."
                ),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark(
                    "Have the directory's administrators and its ticket keys renewed, twice, from clean systems."
                ),
                days(2),
            ),
            eradicate(
                mark("Remove every tool for remote control that was left, legal ones too."), days(3)
            ),
            recover(
                mark(
                    "Restore in the order of what the organisation lives on, in a network built anew."
                ),
                days(5),
            ),
            recover(
                mark("Watch leak sites for the victim's name and tell it what is found."), days(14)
            ),
            WATCH,
            CLOSE,
            REVIEW,
        ),
    ),
    "intrusions": Steps(
        mark("Intrusion"),
        ("intrusions",),
        (
            ANSWER,
            identify(
                mark(
                    "Find out what is certain, what is guessed, and who says so; begin the attack's timeline."
                ),
                hours(4),
            ),
            identify(
                mark(
                    "Have logs kept before they are overwritten: firewall, DNS, sign-ins, mail, servers."
                ),
                hours(4),
            ),
            identify(
                mark(
                    "Agree on a way to talk that the attacker cannot read: telephone, other mail."
                ),
                hours(2),
            ),
            identify(
                mark("Take images of the systems concerned, with hashes, and note who holds them."),
                hours(24),
            ),
            TOLD,
            SEARCH,
            contain(
                mark("Plan to lock the attacker out everywhere at one time, not bit by bit."),
                hours(24),
            ),
            contain(
                mark(
                    "Have the command servers blocked and every system that called them isolated."
                ),
                hours(8),
            ),
            contain(
                mark("Have the accounts the attacker used locked and their sessions ended."),
                hours(8),
            ),
            SHARE,
            eradicate(
                mark(
                    "Have the hole closed, back doors and planted accounts removed, systems set up anew."
                ),
                days(3),
            ),
            eradicate(
                mark("Have passwords, keys and tokens renewed on everything that was reached."),
                days(3),
            ),
            recover(
                mark("Bring services back with more logging than before, and try the old way in."),
                days(7),
            ),
            WATCH,
            CLOSE,
            REVIEW,
        ),
    ),
    "intrusion-attempts": Steps(
        mark("Attempted intrusion"),
        ("intrusion-attempts",),
        (
            ANSWER,
            identify(
                mark(
                    "Make sure that it failed: sign-ins, new files, new processes, outgoing traffic."
                ),
                hours(8),
            ),
            identify(
                mark("Note the hole or the accounts that were tried, and the sources."), hours(8)
            ),
            SEARCH,
            contain(
                mark("Have the sources blocked where that helps, and sign-ins slowed or limited."),
                hours(8),
            ),
            contain(
                mark("Have the update or the setting applied that closes what was tried."),
                hours(24),
            ),
            contain(
                mark("Tell the owners and providers of the sources, with times and samples."),
                hours(24),
            ),
            SHARE,
            eradicate(mark("Have accounts with weak or known passwords changed."), days(3)),
            WATCH,
            learn(
                mark("Warn others who run the same product if the attempt is new or wide."), days(3)
            ),
            CLOSE,
        ),
    ),
}
