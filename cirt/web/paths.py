"""Addresses of our pages; a language asked for in the address goes along where nobody has signed in."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import g, request, url_for

from cirt.register.pages import Page
from cirt.web import i18n


def path_of(endpoint: str, **values: object) -> str:
    """The path of a page by its short name: ``triage.queue``."""
    wish = request.args.get("lang")
    if wish in i18n.offered() and not g.visit.is_signed_in:
        values.setdefault("lang", wish)
    return url_for(f"web.{endpoint}", **values)  # type: ignore[arg-type]  # values go into the path


def ways_on(page: Page[Any], endpoint: str, **values: object) -> dict[str, Any]:
    """Where the pager of a list leads from this page of it; empty where there is nothing more."""
    places = {"newer": page.before, "older": page.after}
    return {
        way: path_of(endpoint, **values, page=place) if place else ""
        for way, place in places.items()
    }


def parts_of(address: str) -> SplitResult:
    """The parts of an address that came with a request; all of them empty where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
