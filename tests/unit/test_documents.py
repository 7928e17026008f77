"""The documents say what is there: settings, commands, targets, links, code that runs."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from cirt.boot.main import root
from cirt.kernel.settings import Settings
from cirt.kernel.tlp import Tlp
from cirt.sharing.models import Level
from cirt.sharing.table import table_rule
from tests.support.documents import ROOT, blocks, pages, text_of

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_ELSEWHERE = re.compile(r"/home/\w+/|\bTODO\b|\bFIXME\b|\bissue \d", re.IGNORECASE)
_CELLS = {
    "table-yes": "yes",
    "table-two": "two approve",
    "table-permission": "permission of the source",
    "table-no": "no",
}


def test_every_setting_stands_in_the_page_for_operators() -> None:
    page = text_of("docs/operate.md")

    for one in fields(Settings):
        name = one.name if one.name == "connectors" else f"CIRT_{one.name.upper()}"
        assert f"| `{name}` |" in page, name


def test_every_setting_that_the_page_names_exists() -> None:
    known = {f"CIRT_{one.name.upper()}" for one in fields(Settings)}

    for page in pages():
        named = set(re.findall(r"CIRT_[A-Z_]+", page.read_text(encoding="utf-8")))
        assert named <= known, page


def test_defaults_in_the_page_are_those_of_the_program() -> None:
    page = text_of("docs/operate.md")

    for one in fields(Settings):
        if isinstance(one.default, int) or (isinstance(one.default, str) and one.default):
            assert f"| `CIRT_{one.name.upper()}` | `{one.default}` |" in page, one.name


def test_every_command_and_option_stands_in_the_page_of_commands() -> None:
    page = text_of("docs/commands.md")

    for path, command in _commands():
        assert path in page, path
        if path == "cirt agreement change":  # "with the same options"
            continue
        lines = "\n".join(line for line in page.splitlines() if path in line)
        for option in command.params:
            if isinstance(option, click.Option):
                assert any(name in lines for name in option.opts), (path, option.opts)


def test_every_command_that_a_page_names_exists() -> None:
    known = {path for path, _ in _commands()}
    groups = {path.rpartition(" ")[0] for path in known}

    for page in pages():
        for words in re.findall(r"`cirt ((?:[a-z]+ ?)+)", page.read_text(encoding="utf-8")):
            path = f"cirt {words.strip()}"
            begins = any(f"{path} ".startswith(f"{one} ") for one in known)
            assert begins or path in groups, (page.name, path)


def test_every_option_has_a_sentence_or_speaks_for_itself() -> None:
    for path, command in _commands():
        assert command.get_short_help_str(), path


def test_every_target_in_the_readme_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = set()
    for page in ("README.md", "CONTRIBUTING.md"):
        text = text_of(page)
        named |= set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))

    assert named
    assert named <= targets


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_speak_of_the_project_alone(page: Path) -> None:
    assert not _ELSEWHERE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_shell_in_the_pages_can_be_parsed(page: Path) -> None:
    for block in blocks(str(page.relative_to(ROOT)), "sh"):
        parsed = subprocess.run(
            ["sh", "-n"], input=block, text=True, capture_output=True, check=False
        )
        assert parsed.returncode == 0, (block, parsed.stderr)


def test_the_connector_in_the_page_passes_its_own_test_in_files_of_an_outsider(
    tmp_path: Path,
) -> None:
    made, test = blocks("docs/connectors.md", "python")
    named = tomllib.loads(blocks("docs/connectors.md", "toml")[0])
    [point] = named["project"]["entry-points"]["cirt.connectors"].values()
    module, _, name = point.partition(":")
    file = tmp_path / f"{module.replace('.', '/')}.py"
    file.parent.mkdir()
    file.write_text(made)
    (tmp_path / "test_it.py").write_text(test)

    path = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    for command in (["-m", "pytest", "-q"], ["-c", f"from {module} import {name}; {name}.schema"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("own", "heading"), [(True, "## Own"), (False, "## What another")])
def test_the_tables_of_sharing_are_those_of_the_gate(own: bool, heading: str) -> None:
    section = text_of("docs/sharing.md").partition(heading)[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]

    said = {
        (Tlp.parse(word), level): cell
        for words, *cells in rows[2:]
        for word in words.split(", ")
        for level, cell in zip((Level.TLP_ACK, Level.MOU, Level.MOU_NDA), cells, strict=True)
    }

    if own:
        assert {tlp for tlp, _ in said} == set(Tlp)
    for (tlp, level), cell in said.items():
        if tlp is Tlp.RED:  # never to an organisation, whatever the cell
            assert cell == "no"
        else:
            assert _CELLS[table_rule(tlp, own=own, level=level)] == cell, (tlp, level)


def _commands() -> Iterator[tuple[str, click.Command]]:
    waiting: list[tuple[str, click.Command]] = [("cirt", root)]
    while waiting:
        path, command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += [(f"{path} {name}", one) for name, one in command.commands.items()]
        else:
            yield path, command
