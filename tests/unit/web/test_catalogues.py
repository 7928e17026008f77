"""The catalogues: each language is whole, and no translation loses or adds a value."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po

from cirt.web.frame import environment
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


def test_no_sentence_is_both_a_plain_one_and_the_singular_of_another() -> None:
    """A catalogue keeps one entry for both, and the plain one would be read with the plural's values."""
    plain, singular = set(), set()
    for path in Path(str(files("cirt"))).rglob("*.py"):
        with path.open("rb") as file:
            for _, function, message, _ in extract_python(
                file, {"mark": None, "ngettext": None}, [], {}
            ):
                if function == "mark":
                    plain.add(message)
                else:
                    singular.add(message[0])
    env = environment()
    for name in env.list_templates(extensions=["html"]):
        assert env.loader
        source, _, _ = env.loader.get_source(env, name)
        for _, function, message in env.extract_translations(source):  # type: ignore[attr-defined]  # the i18n extension adds it
            if isinstance(message, tuple):
                singular.add(message[0])
            elif function in ("_", "gettext"):
                plain.add(message)

    assert len(singular) > 20
    assert plain & singular == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_plural_form_names_only_values_that_the_sentence_is_given(language: str) -> None:
    different = [
        (message.id, form)
        for message in _messages(language)
        if not isinstance(message.id, str)
        for form in message.string or ()
        if not set(_HOLES.findall(form)) <= set(_HOLES.findall(" ".join(message.id)))
    ]

    assert different == []
