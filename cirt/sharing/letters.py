"""The gate's part for letters: what a person writes to a reporter leaves by mail only as a ``ReleasedLetter``."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field

from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.sharing.marked import facts_of_row
from cirt.sharing.verdicts import RULES, Decision

_SEAL = object()
_OPEN = Tlp.AMBER  # the strictest that goes by mail which others may read


class LetterWithheld(Conflict):
    """In words for everybody who reads the letter: what others concern it with, and may not tell, it does not tell."""

    code = "letter-withheld"
    message = mark("This does not go by mail.")

    def __init__(self, decision: Decision) -> None:
        super().__init__(**decision.values)
        self.decision = decision

    def __str__(self) -> str:
        told = self.decision
        if (
            told.rule == "letter-red"
        ):  # kept with the letter, and read when it is no longer around it
            told = hold_letter(str(self.values["reader"]))
        return told.sentence.format(**told.values)


@dataclass(frozen=True, slots=True)
class ReleasedLetter:
    """What may be mailed to this one address; with a ``fingerprint``, encrypted for that key alone."""

    subjects: tuple[str, ...]  # references of what it is about
    address: str
    text: str = field(repr=False)
    fingerprint: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the gate makes what may leave")


def letter_rule(tlp: Tlp, *, sealed: bool) -> str:
    """The id of the rule that speaks."""
    if tlp is Tlp.RED:
        return "letter-red"
    if sealed:
        return "letter-sealed"
    return "letter-open" if tlp <= _OPEN else "letter-needs-key"


def decide_letter(tlp: Tlp, address: str, *, sealed: bool) -> Decision:
    """Whether a letter about what is so marked may go to this address by mail, and why. Pure."""
    rule = letter_rule(tlp, sealed=sealed)
    return Decision(RULES[rule].verdict, rule, {"tlp": tlp.label, "reader": address})


def hold_letter(address: str) -> Decision:
    """What is told of a letter to whoever may not see all that it concerns: that it stays, and not why. Pure."""
    return Decision(RULES["letter-held"].verdict, "letter-held", {"reader": address})


def release_letter(
    work: Work, subjects: Sequence[str], address: str, text: str, *, fingerprint: str = ""
) -> ReleasedLetter:
    """The last word, at the moment of sending, by the strictest marking of what it is about; kept in the trail.

    Raises:
        LetterWithheld.
        NotFound: one of the subjects is not there.
    """
    tlp = max(facts_of_row(work.session, subject).tlp for subject in subjects)
    decision = decide_letter(tlp, address, sealed=bool(fingerprint))
    facts = {"verdict": decision.verdict, "rule": decision.rule, "fingerprint": fingerprint}
    work.audit("letter.decide", subjects[0], **facts)
    if not decision.lets_leave():
        raise LetterWithheld(decision)
    return ReleasedLetter(tuple(subjects), address, text, fingerprint, _SEAL)
