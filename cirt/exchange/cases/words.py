"""What a prepared letter about an arrival says: only what the peer itself sent, and what may be told of why."""

from dataclasses import dataclass
from datetime import datetime

from cirt.exchange.cases.kinds import Case
from cirt.kernel.text import mark

SUBJECT = mark("A question on what you sent us on {day}")

# Of what must not be told why it waits: it could be another's doing.
CONFIRM = mark(
    "On {day} you sent us this object:\n\n    {stix_id}\n    {version}\n\nBefore we use it, please confirm that this version"
    " is as you mean it, and tell us who made it."
)
TOLD = mark(
    "On {day} you sent us this object:\n\n    {stix_id}\n    {version}\n\nWe have not taken it. {reason}\n\n{please}"
)
NO_DEFINITION = mark(
    "What you sent us on {day} is marked with\n\n    {marking}\n\nof which we have no definition, so we cannot say who may see"
    " it. Please send us that marking-definition."
)
RED = mark(
    "On {day} you sent us by TAXII an object that is marked TLP:RED. We have kept none of its content. If it is meant for one"
    " of us, please hand it to that person by encrypted mail. Its SHA-256 is\n\n    {sha256}"
)

PLEASE = {
    Case.CLAIM: mark("Please ask its author to send it to us."),
    Case.REDEFINED: mark("Please refer to the fixed ids of TLP 2.0."),
    Case.FUTURE: mark("Please check your clock, and send us a version with the right date."),
    Case.OFTEN: mark("Please look what makes your systems send so many versions of it."),
    Case.ENDED: mark("If it holds again, please send it with a new id."),
    Case.AGREEMENT: mark(
        "If our agreement should allow it, please tell us, and we speak about a change."
    ),
    Case.SHAPE: mark("Please send it once more, as STIX 2.1 asks."),
}
_OTHERWISE = mark("Please tell us whether it is as you mean it.")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to tell; ``reason`` is empty where it must not be told."""

    case: Case
    stix_id: str | None
    version: str | None
    sha256: str
    at: datetime
    marking: str
    reason: str


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str


def words_of(known: Known) -> Words:
    day = f"{known.at:%Y-%m-%d}"
    values = {
        "day": day,
        "stix_id": known.stix_id or "SHA-256 " + known.sha256,
        "version": known.version or "",
        "sha256": known.sha256,
        "marking": known.marking,
        "reason": known.reason,
        "please": PLEASE.get(known.case, _OTHERWISE),
    }
    return Words(SUBJECT.format(day=day), _text(known).format(**values))


def _text(known: Known) -> str:
    if known.case is Case.RED:
        return RED
    if known.case is Case.UNKNOWN_MARKING and known.marking:
        return NO_DEFINITION
    return TOLD if known.reason else CONFIRM
