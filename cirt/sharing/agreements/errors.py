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


class NothingDiffers(Invalid):
    code = "nothing-differs"
    message = mark("This is what {reference} says already. Change something, or leave it.")


class AgreementMoved(Conflict):
    code = "agreement-moved"
    message = mark(
        "{reference} was changed since you opened it: it is at version {version} now. Compare before you "
        "send yours."
    )


class DoesMoreThanNarrow(Invalid):
    """``fields`` are names in ``terms.FIELDS``."""

    code = "does-more-than-narrow"
    message = mark(
        "At once only what narrows: another person has to approve these. Propose the change instead."
    )

    def __init__(self, fields: list[str]) -> None:
        super().__init__(fields=fields)
