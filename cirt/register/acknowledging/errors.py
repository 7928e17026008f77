"""What can go wrong when the words of an acknowledgement are changed."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchLanguage(NotFound):
    code = "no-such-language"


class PlaceMissing(Invalid):
    code = "place-missing"
    message = mark(
        "The text needs {places}. Without it a reporter does not learn how to follow the report."
    )


class PlaceUnknown(Invalid):
    code = "place-unknown"
    message = mark("There is nothing to put in place of {place}. Known are: {known}.")


class WordsChanged(Conflict):
    code = "words-changed"
    message = mark("{name} changed this first. What you typed is below; compare and save again.")
