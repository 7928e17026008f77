"""What a browser is sent: small, from here alone, with nothing inline, and every class has its style."""

import gzip
import re
from pathlib import Path

import pytest

from tests.support.documents import ROOT

STATIC = ROOT / "cirt" / "web" / "static"
TEMPLATES = sorted((ROOT / "cirt" / "web" / "templates").rglob("*.html"))
SMALL = 8 * 1024
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_HOST = re.compile(r"(?:https?:)?//[\w-]+\.[\w.-]+")
_FOR_SCRIPT = {"keep"}  # no look of their own: the script or the tests find them by it

every_template = pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT / "cirt/web/templates"))
)


@pytest.mark.parametrize("name", ["app.css", "app.js"])
def test_style_and_script_stay_within_the_budget(name: str) -> None:
    assert len(gzip.compress((STATIC / name).read_bytes(), 9)) <= SMALL


@every_template
def test_nothing_is_inline(template: Path) -> None:
    text = _JINJA.sub("", template.read_text(encoding="utf-8"))

    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in attributes
        assert not body.strip()


@every_template
def test_no_other_host_is_named(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not _HOST.findall(text.replace("http://www.w3.org/2000/svg", ""))


def test_style_and_script_name_no_other_host() -> None:
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not _HOST.findall(text), file.name


def test_both_dark_palettes_are_the_same() -> None:
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    by_system = _body_after(css, ":root:not([data-theme=light]){")
    by_choice = _body_after(css, ":root[data-theme=dark]{")

    assert any(line.startswith("--bg:") for line in by_choice)
    assert by_system == by_choice


@every_template
def test_every_class_has_a_style(template: Path) -> None:
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", css)) | _FOR_SCRIPT

    used = {word for text in _classes(template) for word in text.split()}
    assert used - styled == set()


def _classes(template: Path) -> list[str]:
    """Class attributes as written; a word that is only partly known, like s{{ rank }}, is passed over."""
    text = template.read_text(encoding="utf-8")
    found = []
    for value in _attributes(text):
        plain = re.sub(r"\S*\{\{.*?\}\}\S*", " ", value, flags=re.DOTALL)
        found.append(re.sub(r"\{%.*?%\}", " ", plain, flags=re.DOTALL))
    return found


def _attributes(text: str) -> list[str]:
    """Values of class="…"; quotes inside Jinja's own marks do not end them."""
    part = r'(?:\{\{.*?\}\}|\{%.*?%\}|[^"])*?'
    return re.findall(rf'\bclass="({part})"', text, re.DOTALL)


def _body_after(css: str, opening: str) -> list[str]:
    body = css.partition(opening)[2].partition("}")[0]
    return sorted(line.strip() for line in body.replace("\n", "").split(";") if line.strip())
