"""The one list from which class and type of an incident are chosen together."""

from collections.abc import Iterable
from typing import Any

from cirt.web.forms import sent

# Where messages on a field of the command stand on the page.
CLASSIFIED = {"rsit_class": "classification", "rsit_type": "classification"}


def sent_with_class(*lists: str, without: Iterable[str] = ()) -> dict[str, Any]:
    """The sent form, with class and type out of the list that holds both."""
    given = sent(*lists, without=without)
    rsit_class, _, rsit_type = str(given.pop("classification", "")).partition("/")
    return {**given, "rsit_class": rsit_class, "rsit_type": rsit_type}
