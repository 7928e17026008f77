"""The registry of exits is whole: what leaves the house and is not named there, with the leak test that asks it, fails."""

import ast
import string
from collections.abc import Iterator

import click
import pytest
from flask import Flask

import cirt.boot.main  # noqa: F401 - adds its verbs, and every error is imported with it
from cirt.boot.app import create_app
from cirt.cli import root
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.register.dialogue.models import MessageKind
from cirt.release.exporting.commands import Format, Subject
from cirt.release.exporting.service import WRITERS
from cirt.release.handing.models import HandoverKind
from cirt.release.recalling.models import LetterKind
from cirt.sharing.exits import EXITS, Audience, Way, names_of
from cirt.web.access import PUBLIC
from cirt.worker.table import HANDLERS
from tests.support.documents import ROOT

TEMPLATES = ROOT / "cirt" / "web" / "templates"
_SENDERS = ("outbox",)
_COMES_IN = {MessageKind.ANSWER, MessageKind.AGAIN}


@pytest.fixture
def app(program: Program) -> Flask:
    return create_app(program)


def test_every_route_is_named(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == names_of(Way.ROUTE)


def test_what_needs_no_sign_in_is_named_as_open_to_anybody(app: Flask) -> None:
    open_to_all = names_of(Way.ROUTE, Audience.ANYBODY, Audience.REPORTER)

    assert {name for name in open_to_all if name.startswith("web.")} == PUBLIC


def test_every_job_is_named() -> None:
    assert set(HANDLERS) == names_of(Way.JOB)


def test_every_kind_of_letter_is_named_and_no_other_module_sends_mail() -> None:
    to_reporters = {kind.value for kind in set(MessageKind) - _COMES_IN}
    to_peers = {f"peer.{kind.value}" for kind in LetterKind}
    to_persons = {f"person.{kind.value}" for kind in HandoverKind}
    senders = {name for name, tree in modules() if "cirt.notify.smtp" in imports(tree)}

    assert to_reporters | to_peers | to_persons | {
        "lead.end",
        "lead.alert",
        "peer.arrival",
    } == names_of(Way.LETTER)
    assert senders == {f"cirt/notify/{name}.py" for name in _SENDERS}


def test_every_folder_of_templates_is_named() -> None:
    folders = {str(file.relative_to(TEMPLATES).parent) for file in TEMPLATES.rglob("*.html")}

    assert folders == names_of(Way.TEMPLATE)


def test_every_export_is_named() -> None:
    made = {f"{subject}.{form}" for subject in Subject for form in Format}

    assert made | {"release.bundle", "feed.misp", "feed.file"} == names_of(Way.EXPORT)
    assert set(WRITERS) == set(Format)


def test_every_verb_is_named() -> None:
    assert set(verbs(root)) == names_of(Way.VERB)


def test_every_log_is_named() -> None:
    found = {
        node.args[0].value
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "getLogger"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert found == names_of(Way.LOG)


def test_every_value_that_an_error_may_name_is_named() -> None:
    said = {
        name
        for error in below(CirtError)
        if error.__module__.startswith("cirt.")
        for _, name, _, _ in string.Formatter().parse(error.message)
        if name
    }

    assert said == names_of(Way.ERROR)


def test_the_leak_tests_that_exits_name_are_there() -> None:
    named = {one.asked_by for one in EXITS}

    for each in named:
        file, _, name = each.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, each


def test_no_exit_is_named_twice() -> None:
    assert len({(one.way, one.name) for one in EXITS}) == len(EXITS)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((ROOT / "cirt").rglob("*.py")):
        yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def below(error: type[CirtError]) -> Iterator[type[CirtError]]:
    for each in error.__subclasses__():
        yield each
        yield from below(each)


def verbs(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, (*before, name))
        else:
            yield " ".join((*before, name))
