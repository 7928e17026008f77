"""Sectors to choose from, in the order of the reader's language."""

from cirt.register.facts.places import SECTORS
from cirt.web import i18n


def sector_choices() -> list[tuple[str, str]]:
    """Codes with their words."""
    choices = ((code, i18n.translate(words)) for code, words in SECTORS.items())
    return sorted(choices, key=lambda choice: choice[1].casefold())
