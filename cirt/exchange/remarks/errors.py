"""What can go wrong with speaking of an object."""

from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchObject(NotFound):
    code = "no-such-object"
    message = mark("There is no object {stix_id} that you may see.")


class SeveralFit(Invalid):
    code = "several-fit"
    message = mark("Several fit “{typed}”: {ids}. Enter the id of the one that you mean.")


class MarkingLower(Invalid):
    code = "marking-lower"
    message = mark(
        "{chosen} is below {least}, the marking of what this is about. Choose {least} or a stricter one."
    )


class RedNotSaid(Invalid):
    code = "red-not-said"
    message = mark(
        "TLP:RED is for named persons, and an object cannot name them. Write it into an incident."
    )


class Itself(Invalid):
    code = "itself"
    message = mark("An object is not related to itself. Enter the id of another one.")


class OtherType(Invalid):
    code = "other-type"
    message = mark("Only objects of one type can be {kind}. Choose “related to” for these.")
