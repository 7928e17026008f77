"""What can be wrong with a link between incidents."""

from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.text import mark


class OtherUnknown(Invalid):
    """Also for one that the asker may not see: the same words."""

    code = "other-unknown"
    message = mark("There is no incident “{given}” that you may see. Check the reference.")


class LinkToItself(Invalid):
    code = "link-to-itself"
    message = mark("{reference} is this incident. Enter the reference of another one.")


class LinkedAlready(Conflict):
    code = "linked-already"
    message = mark("{reference} is linked already. Take that link off first to say it otherwise.")


class LinkInCircle(Invalid):
    code = "link-in-circle"
    message = mark(
        "That would go in a circle: {part} would be a part of itself. Link the two as related instead."
    )


class LinkRefused(Invalid):
    """The same by way of something that is not for the asker to see, which is not named."""

    code = "link-refused"
    message = mark("{part} cannot be linked as a part of {whole}. Link the two as related instead.")
