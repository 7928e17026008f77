"""What can go wrong with agreements."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchAgreement(NotFound):
    code = "no-such-agreement"
    message = mark("There is no agreement {reference}. List them with: cirt agreement list")


class AgreementOverlaps(Conflict):
    code = "agreement-overlaps"
    message = mark(
        "{reference} with {peer}, from {begin} on, covers a part of that time. End or change it first."
    )


class NotInThatState(Conflict):
    code = "agreement-state"
    message = mark("{reference} is {state}, so this cannot be done with it.")


class CeilingTooHigh(Invalid):
    code = "ceiling-too-high"
    message = mark("TLP:RED never goes by agreement. The ceiling is at most amber+strict.")


class DefaultTooHigh(Invalid):
    code = "default-too-high"
    message = mark("TLP:RED cannot be the default marking. It is at most amber+strict.")


class PeriodWrong(Invalid):
    code = "period-wrong"
    message = mark("The agreement would end ({end}) before it begins ({begin}).")


class TypeNameWrong(Invalid):
    code = "type-name-wrong"
    message = mark("“{name}” is no STIX object type. Write names like indicator or relationship.")
