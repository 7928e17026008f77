"""The Reference Security Incident Taxonomy, version 1003 (1.3): classes, types and their labels."""

from dataclasses import dataclass

from cirt.kernel.text import mark

VERSION = 1003


@dataclass(frozen=True, slots=True)
class RsitClass:
    """One class; ``types`` maps a type's code to its label, marked for translation."""

    code: str
    label: str
    types: dict[str, str]


CLASSES: dict[str, RsitClass] = {
    found.code: found
    for found in (
        RsitClass(
            "abusive-content",
            mark("Abusive Content"),
            {
                "spam": mark("Spam"),
                "harmful-speech": mark("Harmful Speech"),
                "violence": mark("(Child) Sexual Exploitation/Sexual/Violent Content"),
            },
        ),
        RsitClass(
            "malicious-code",
            mark("Malicious Code"),
            {
                "infected-system": mark("Infected System"),
                "c2-server": mark("C2 Server"),
                "malware-distribution": mark("Malware Distribution"),
                "malware-configuration": mark("Malware Configuration"),
            },
        ),
        RsitClass(
            "information-gathering",
            mark("Information Gathering"),
            {
                "scanner": mark("Scanning"),
                "sniffing": mark("Sniffing"),
                "social-engineering": mark("Social Engineering"),
            },
        ),
        RsitClass(
            "intrusion-attempts",
            mark("Intrusion Attempts"),
            {
                "ids-alert": mark("Exploitation of Known Vulnerabilities"),
                "brute-force": mark("Login Attempts"),
                "exploit": mark("New Attack Signature"),
            },
        ),
        RsitClass(
            "intrusions",
            mark("Intrusions"),
            {
                "privileged-account-compromise": mark("Privileged Account Compromise"),
                "unprivileged-account-compromise": mark("Unprivileged Account Compromise"),
                "application-compromise": mark("Application Compromise"),
                "system-compromise": mark("System Compromise"),
                "burglary": mark("Burglary"),
            },
        ),
        RsitClass(
            "availability",
            mark("Availability"),
            {
                "dos": mark("Denial of Service"),
                "ddos": mark("Distributed Denial of Service"),
                "misconfiguration": mark("Misconfiguration"),
                "sabotage": mark("Sabotage"),
                "outage": mark("Outage"),
            },
        ),
        RsitClass(
            "information-content-security",
            mark("Information Content Security"),
            {
                "unauthorised-information-access": mark("Unauthorised Access to Information"),
                "unauthorised-information-modification": mark(
                    "Unauthorised Modification of Information"
                ),
                "data-loss": mark("Data Loss"),
                "data-leak": mark("Leak of Confidential Information"),
            },
        ),
        RsitClass(
            "fraud",
            mark("Fraud"),
            {
                "unauthorised-use-of-resources": mark("Unauthorised Use of Resources"),
                "copyright": mark("Copyright"),
                "masquerade": mark("Masquerade"),
                "phishing": mark("Phishing"),
            },
        ),
        RsitClass(
            "vulnerable",
            mark("Vulnerable"),
            {
                "weak-crypto": mark("Weak Cryptography"),
                "ddos-amplifier": mark("DDoS Amplifier"),
                "potentially-unwanted-accessible": mark("Potentially Unwanted Accessible Services"),
                "information-disclosure": mark("Information Disclosure"),
                "vulnerable-system": mark("Vulnerable System"),
            },
        ),
        RsitClass(
            "other",
            mark("Other"),
            {
                "other": mark("Uncategorised"),
                "undetermined": mark("Undetermined"),
            },
        ),
        RsitClass(
            "test",
            mark("Test"),
            {
                "test": mark("Test"),
            },
        ),
    )
}


NOT_FINAL = ("other", "undetermined")  # fine at intake, replaced before closing


def is_known(class_code: str, type_code: str | None) -> bool:
    """Whether the taxonomy has this class and, where one is given, this type in it."""
    found = CLASSES.get(class_code)
    return found is not None and (type_code is None or type_code in found.types)


def tag(class_code: str, type_code: str | None) -> str:
    """The machine tag, such as ``rsit:fraud="phishing"``; a class alone is ``rsit:fraud``."""
    return f'rsit:{class_code}="{type_code}"' if type_code else f"rsit:{class_code}"
