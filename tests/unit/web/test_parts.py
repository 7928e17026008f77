"""What every page is made of: style sheet, script, templates, languages."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, g

import cirt.web
from cirt.web import i18n
from cirt.web.session import own_path

WEB = Path(cirt.web.__file__).parent
CSS = (WEB / "static" / "app.css").read_text()
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


@pytest.mark.parametrize("name", ["app.css", "app.js"])
def test_style_and_script_stay_small(name: str) -> None:
    assert len(gzip.compress((WEB / "static" / name).read_bytes(), 9)) <= 8 * 1024


def test_both_copies_of_the_dark_palette_are_equal() -> None:
    palettes = re.findall(
        r":root(?::not\(\[data-theme=light\]\)|\[data-theme=dark\])\{\n(.*?)\}", CSS, re.DOTALL
    )

    assert len(palettes) == 2
    assert palettes[0] == palettes[1]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_forbids(template: Path) -> None:
    text = re.sub(r"\{[{%].*?[}%]\}", "", template.read_text(), flags=re.DOTALL)

    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style|https?://", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_name_beside_a_time_keeps_its_own_direction(template: Path) -> None:
    """Else a Latin name in an Arabic line changes places with the time."""
    assert not re.search(r"\}\}, \{\{ [a-z_.]+\|when", template.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_a_token(template: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL):
        signs = ("form_token()", 'name="once"', "sign_in.enter", "public.show_status")
        assert any(sign in form for sign in signs), form[:120]


def test_every_class_in_a_template_is_in_the_style_sheet() -> None:
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", CSS))
    used = {
        name
        for template in TEMPLATES
        for classes in re.findall(r'class="([^"{}]*)"', template.read_text())
        for name in classes.split()
    }

    assert used <= known | {"keep"}


@pytest.mark.parametrize(
    ("wish", "allowed"),
    [
        ("/incidents/INC-2026-0001?show=notes", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("evil", False),
        ("/\nSet-Cookie: x", False),
        ("", False),
        (None, False),
    ],
)
def test_only_our_own_paths_are_returned_to(wish: str | None, allowed: bool) -> None:
    assert own_path(wish, "/desk") == (wish if allowed else "/desk")


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue in a place of its own."""
    place = tmp_path / "locale" / "fr" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n'
        'Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "Sign in"\nmsgstr "Se connecter"\n\n'
        'msgid "%(count)s day"\nmsgid_plural "%(count)s days"\n'
        'msgstr[0] "%(count)s jour"\nmsgstr[1] "%(count)s jours"\n'
    )
    monkeypatch.setattr(i18n, "files", lambda _: tmp_path)
    for cached in (i18n.catalogue, i18n.offered):
        cached.cache_clear()
    yield
    for cached in (i18n.catalogue, i18n.offered):
        cached.cache_clear()


def test_a_language_is_offered_as_soon_as_its_catalogue_is_there(french: None) -> None:
    assert i18n.offered() == ("en", "fr")
    assert i18n.choose([None, "de", "fr-CA", "en"]) == "fr"
    assert i18n.choose(["ar"]) == "en"


def test_words_plurals_and_dates_follow_the_language(french: None) -> None:
    with Flask("test").app_context():
        g.language = "fr"
        assert i18n.translate("Sign in") == "Se connecter"
        assert i18n.translate_plural("%(count)s day", "%(count)s days", 0) == "%(count)s jour"
        assert i18n.moment(datetime(2026, 11, 18, 14, 20, tzinfo=UTC), NOW) == "18 nov. 14:20"
        g.language = "en"
        assert i18n.moment(datetime(2025, 11, 18, 14, 20, tzinfo=UTC), NOW) == "18 Nov 2025 14:20"


NOW = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(hours=2, seconds=59), "2 h"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(length: timedelta, words: str) -> None:
    with Flask("test").app_context():
        assert i18n.span(length) == words


def test_values_in_a_sentence_are_escaped() -> None:
    with Flask("test").app_context():
        assert i18n.say("{name} wrote", name="<b>Lin</b>") == "&lt;b&gt;Lin&lt;/b&gt; wrote"
