"""What can go wrong with a part."""

from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.text import mark


class PartHigh(Invalid):
    code = "part-high"
    message = mark("Choose a marking below {tlp}, the strictest of what you chose.")


class PartEmpty(Conflict):
    code = "part-empty"
    message = mark("Nothing of what you chose can be part of it. The reasons stand beside each.")


class PartChanged(Conflict):
    code = "part-changed"
    message = mark(
        "What would be made is not what was shown: an object or the incident has changed. Look again."
    )


class WordShort(Invalid):
    code = "word-short"
    message = mark("“{word}” is too short to be taken out everywhere. Give at least 3 characters.")
