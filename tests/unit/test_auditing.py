"""What the page for auditors names is there: files, tests, commands, acts of the trail."""

import re

import pytest

from tests.support.documents import ROOT, text_of

PAGE = text_of("docs/auditing.md")
_ACTS = (
    "export.save",
    "incident.print",
    "release.print",
    "file.show-red",
    "letter.decide",
    "recall",
    "feed.settle",
)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:cirt|tests)/[\w/]+\.py", PAGE))))
def test_every_file_that_it_names_exists(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("act", _ACTS)
def test_every_act_that_it_names_is_written_somewhere(act: str) -> None:
    assert f"`{act}`" in PAGE
    assert any(
        f'"{act}"' in file.read_text(encoding="utf-8") for file in (ROOT / "cirt").rglob("*.py")
    )
