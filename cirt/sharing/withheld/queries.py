"""Reads the do-not-share list for pages."""

from sqlalchemy.orm import Session

from cirt.objects.listing import ListPage, list_page
from cirt.objects.withholding import WithheldValue
from cirt.sharing.withheld.reading import read_values


def withheld_page(session: Session, *, words: str = "", before: int | None = None) -> ListPage:
    """What is listed, the latest first. ``words``: values that are looked for."""
    asked = read_values(words, below=False).entries if words else None
    keys = None if asked is None else {entry.observable.key for entry in asked}
    return list_page(session, WithheldValue, keys, before)
