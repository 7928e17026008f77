"""Symbols of the sprite; a page carries only those that it uses."""

import re
from functools import cache
from importlib.resources import files

from flask import g
from markupsafe import Markup


def icon(name: str, style: str = "") -> Markup:
    """A symbol beside words, never instead of them; notes it for :func:`symbols`."""
    if name not in _sprite():
        raise KeyError(name)
    g.icons.add(name)
    return Markup('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>').format(
        f"i {style}".strip(), name
    )


def symbols() -> Markup:
    """The symbols that the page used so far."""
    used = "".join(_sprite()[name] for name in sorted(g.icons))
    return Markup(f'<svg class="vh" aria-hidden="true">{used}</svg>')  # noqa: S704 - our own file


@cache
def _sprite() -> dict[str, str]:
    text = (files("cirt.web") / "static" / "icons.svg").read_text()
    found = re.findall(r'(<symbol id="i-([a-z0-9-]+)".*?</symbol>)', text, re.DOTALL)
    return {name: symbol for symbol, name in found}
