"""Reads the warning list for its page."""

from cirt.kernel.work import Work
from cirt.objects.listing import ListPage, list_page
from cirt.objects.warning import WarnedValue, entries_holding
from cirt.sharing.withheld.reading import read_values


def warning_page(work: Work, *, words: str = "", before: int | None = None) -> ListPage:
    """What is listed, the latest first. ``words``: values that are looked for, with the networks and domains that hold them."""
    asked = read_values(words, below=False).entries if words else None
    keys = (
        None
        if asked is None
        else entries_holding(work.connection, (entry.observable for entry in asked))
    )
    return list_page(work.session, WarnedValue, keys, before)
