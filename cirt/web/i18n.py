"""Languages: which one a visitor reads, its catalogue, and dates and durations in it.

Catalogues are read from ``cirt/locale/<language>/LC_MESSAGES/messages.po`` and compiled in memory, so there is
nothing to build. A language is offered as soon as its catalogue is there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.core import Locale
from babel.dates import format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import g
from markupsafe import Markup, escape

from cirt.kernel.errors import CirtError
from cirt.kernel.text import mark

# Each in its own language and script, as its readers look for it.
LANGUAGES = {
    "en": "English",
    "ar": "العربية",
    "es": "Español",
    "fr": "Français",
    "ru": "Русский",
    "zh": "中文",
}
_LOCALES = {"en": "en_GB", "zh": "zh_Hans"}
_RIGHT_TO_LEFT = frozenset({"ar"})
_HOUR, _DAY = 60, 24  # in minutes, in hours


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations into ``language``; English is what the sources are written in."""
    source = files("cirt") / "locale" / language / "LC_MESSAGES" / "messages.po"
    if language == "en" or not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def offered() -> tuple[str, ...]:
    """The languages that we have a catalogue of."""
    return tuple(
        language
        for language in LANGUAGES
        if language == "en" or isinstance(catalogue(language), GNUTranslations)
    )


def choose(wishes: Iterable[str | None]) -> str:
    """The first wish that we can fulfil, else English; ``fr-CA`` is content with ``fr``."""
    for wish in wishes:
        language = (wish or "").replace("_", "-").partition("-")[0].lower()
        if language in offered():
            return language
    return "en"


def language() -> str:
    """The present visitor's; English before one is known."""
    return str(g.get("language", "en"))


def direction() -> str:
    return "rtl" if language() in _RIGHT_TO_LEFT else "ltr"


def translate(message: str) -> str:
    return catalogue(language()).gettext(message) if message else ""


def translate_plural(one: str, many: str, count: int) -> str:
    return catalogue(language()).ngettext(one, many, count)


def said(message: str, **values: object) -> Markup:
    """What ``_`` and ``trans`` put into a page: a format string, its values escaped."""
    text = _in_page(language(), message)
    return text % values if "%" in text else text


def said_of(one: str, many: str, num: int, **values: object) -> Markup:
    """The same by a number."""
    return Markup(translate_plural(one, many, num)) % {"num": num, **values}  # noqa: S704 - our own words


@cache
def _in_page(language: str, message: str) -> Markup:
    return Markup(catalogue(language).gettext(message))  # noqa: S704 - our own words


def say(message: str, **values: object) -> Markup:
    """A marked message in the visitor's language, its values escaped and each a unit of its own."""
    return escape(translate(message)).format(**values)


def say_error(error: CirtError) -> str:
    """What went wrong and what to do, without markup."""
    return translate(error.message).format(**error.values)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def country(code: str) -> str:
    """The name of a country by its two letters."""
    return str(_locale(language()).territories.get(code, code))


def language_name(code: str) -> str:
    """The name of a language by its code."""
    return str(_locale(language()).languages.get(code, code))


def day(at: datetime) -> str:
    """``18 Nov 2026``."""
    return str(format_skeleton("yMMMd", at, locale=_locale(language())))


def long_day(at: datetime) -> str:
    """``Wednesday 18 November 2026``."""
    return str(format_skeleton("yMMMMEEEEd", at, locale=_locale(language())))


def clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def moment(at: datetime, now: datetime) -> str:
    """``18 Nov 14:20``, with the year where it is another one."""
    skeleton = "MMMd" if at.year == now.year else "yMMMd"
    return f"{format_skeleton(skeleton, at, locale=_locale(language()))} {clock(at)}"


def span(length: timedelta) -> str:
    """How long, in the two largest units: ``2 h 10 min``, and ``2 h`` where it is just that."""
    minutes = max(0, int(length.total_seconds())) // 60
    if minutes < _HOUR:
        return str(say(mark("{minutes} min"), minutes=minutes))
    hours, minutes = divmod(minutes, _HOUR)
    if hours < 2 * _DAY:
        words = mark("{hours} h {minutes} min") if minutes else mark("{hours} h")
        return str(say(words, hours=hours, minutes=minutes))
    days, hours = divmod(hours, _DAY)
    words = mark("{days} d {hours} h") if hours else mark("{days} d")
    return str(say(words, days=days, hours=hours))
