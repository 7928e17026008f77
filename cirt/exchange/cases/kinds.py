"""Kinds of case, as data: what each is called, what letting it in would do, and by which rule it is not let in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from cirt.exchange.arriving.reasons import RED
from cirt.exchange.models import Quarantined
from cirt.kernel.text import mark
from cirt.sharing.verdicts import RULES


class Case(StrEnum):
    CONFLICT = "conflict"
    REVOCATION = "revocation"
    VERSION = "version"
    CLAIM = "claim"
    REDEFINED = "redefined"
    UNKNOWN_MARKING = "unknown-marking"
    FUTURE = "future"
    OFTEN = "often"
    ENDED = "ended"
    RED = "red"
    AGREEMENT = "agreement"
    SHAPE = "shape"


class Way(StrEnum):
    """What a person can do so that it is taken."""

    TAKE = "take"  # although its reason holds
    AGAIN = "again"  # where the reason may hold no longer
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Means:
    """``follows`` says what taking it does, or by which rule it is not taken. Marked sentences."""

    title: str
    way: Way
    follows: str


MEANINGS: Mapping[Case, Means] = {
    Case.CONFLICT: Means(
        mark("Other content for a version that is here"),
        Way.NONE,
        mark(
            "Of one version the first content stays, whoever brings another. Say which is right; if it is this one, its"
            " author sends it as a newer version."
        ),
    ),
    Case.REVOCATION: Means(
        mark("Revoked by somebody else"),
        Way.TAKE,
        mark(
            "It ends the object here for good: it is matched no longer, and those who had it from us are told. Make sure of"
            " it with whoever brought the object first."
        ),
    ),
    Case.VERSION: Means(
        mark("A version by somebody else"),
        Way.TAKE,
        mark(
            "This version takes the place of the one that is here. Who may send further ones stays as it is: whoever brought"
            " the object first, and its author."
        ),
    ),
    Case.CLAIM: Means(
        mark("A name that is not the sender's"),
        Way.TAKE,
        mark(
            "It is kept as brought by whoever sent it; the author it names stays a claim. It does not go to that author."
        ),
    ),
    Case.REDEFINED: Means(
        mark("A fixed marking with another meaning"),
        Way.NONE,
        mark(
            "What TLP and PAP mean is fixed, and nobody redefines it. Ask the peer to refer to the fixed ids."
        ),
    ),
    Case.UNKNOWN_MARKING: Means(
        mark("An unknown marking"),
        Way.AGAIN,
        mark(
            "Nobody can say yet who may see it, so it waits for the definition and is taken by itself when that comes."
        ),
    ),
    Case.FUTURE: Means(
        mark("A version of the far future"),
        Way.TAKE,
        mark(
            "No version with an earlier date counts as newer after it, until that day comes. If the sender's clock is wrong,"
            " ask for a version with the right date and drop this one."
        ),
    ),
    Case.OFTEN: Means(
        mark("Too many versions in an hour"),
        Way.TAKE,
        mark(
            "This one version is taken. The alarm stands until somebody lifts it on the sync page."
        ),
    ),
    Case.ENDED: Means(
        mark("Newer than a revocation"),
        Way.NONE,
        mark(
            "A revocation is the end of an object (STIX 2.1, section 3.6). What is right again gets a new id."
        ),
    ),
    Case.RED: Means(
        mark("TLP:RED"),
        Way.NONE,
        mark(
            "TLP:RED is for named persons. None of its content is kept here; the peer hands it to a person by encrypted mail."
        ),
    ),
    Case.AGREEMENT: Means(
        mark("Against the agreement"),
        Way.AGAIN,
        mark(
            "It is taken once the agreement allows it. Change the agreement first, then try again."
        ),
    ),
    Case.SHAPE: Means(
        mark("Wrong shape"),
        Way.NONE,
        mark(
            "It is not as STIX 2.1 asks, so nothing could read it. Ask the peer to send it right."
        ),
    ),
}

_OF_CODES: Mapping[str, Case] = {
    **dict.fromkeys(RULES, Case.AGREEMENT),
    RED: Case.RED,
    "conflict": Case.CONFLICT,
    "foreign-revocation": Case.REVOCATION,
    "foreign-version": Case.VERSION,
    "our-name": Case.CLAIM,
    "their-name": Case.CLAIM,
    "marking-contradicts": Case.REDEFINED,
    "marking-own-tlp": Case.REDEFINED,
    "marking-unknown-level": Case.REDEFINED,
    "marking-unresolved": Case.UNKNOWN_MARKING,
    "far-future": Case.FUTURE,
    "too-often": Case.OFTEN,
    "revoked": Case.ENDED,
}

# Of the kind of case, but with another way on.
_OURS = Means(
    MEANINGS[Case.CLAIM].title,
    Way.NONE,
    mark(
        "Only we make objects in our name. If it is ours and was lost here, import your own copy at the console: cirt import."
    ),
)


def case_of(code: str) -> Case:
    return _OF_CODES.get(code, Case.SHAPE)


def means(code: str) -> Means:
    return _OURS if code == "our-name" else MEANINGS[case_of(code)]


def is_of(case: Case) -> sa.ColumnElement[bool]:
    """On Quarantined."""
    if case is Case.SHAPE:
        return Quarantined.code.not_in(sorted(_OF_CODES))
    return Quarantined.code.in_(sorted(code for code, of in _OF_CODES.items() if of is case))
