"""The catalogues: each language is whole, and no translation loses or adds a value."""

import re
from importlib.resources import files

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from cirt.web.i18n import LANGUAGES, catalogue, offered

_HOLES = re.compile(r"\{[^{}]*\}|%\([^)]*\)[a-z]")
_FIXED = re.compile(r"TLP:[A-Z+]+|STIX|TAXII|CIRT_[A-Z_]+")
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def _read(language: str) -> Catalog:
    source = files("cirt") / "locale" / language / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as file:
        return read_po(file, locale=language)


def _messages(language: str) -> list[Message]:
    return [message for message in _read(language) if message.id]


def _first(text: object) -> str:
    return text if isinstance(text, str) else text[0]  # type: ignore[index]  # plural messages are pairs


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    missing = [
        _first(message.id)
        for message in _messages(language)
        if not (message.string if isinstance(message.string, str) else all(message.string or ()))
    ]

    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_names_the_same_values_and_labels(language: str) -> None:
    different = [
        message.id
        for message in _messages(language)
        if isinstance(message.id, str)
        and (
            sorted(_HOLES.findall(message.id)) != sorted(_HOLES.findall(_first(message.string)))
            or not set(_FIXED.findall(message.id)) <= set(_FIXED.findall(_first(message.string)))
        )
    ]

    assert different == []


def test_all_six_languages_are_offered() -> None:
    assert set(offered()) == set(LANGUAGES)
    assert catalogue("ar").gettext("Triage queue") != "Triage queue"
