"""What comes in large is checked while nobody waits for it: no object is read within a transaction that writes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cirt.boot.main import root
from cirt.cli import imports
from cirt.kernel import program as kernel_program
from cirt.kernel.keys import make_key_file
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Work
from cirt.kernel.work import start_work as start_work_of_program
from cirt.objects import codec
from cirt.objects.models import StixObject
from cirt.parties.peers import PeerFacts, add_peer
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sources import service
from tests.support.taxii import an_indicator

COUNT = 5


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In their order: an object is read, a transaction that writes begins or ends."""
    told: list[str] = []
    real, real_work = codec.read, start_work_of_program

    def read(raw: bytes) -> codec.StixObject | codec.Refusal:
        told.append("read")
        return real(raw)

    @contextmanager
    def start_work(*given: Any, write: bool = True) -> Iterator[Work]:
        if write:
            told.append("begin")
        try:
            with real_work(*given, write=write) as work:
                yield work
        finally:
            if write:
                told.append("end")

    monkeypatch.setattr(codec, "read", read)
    monkeypatch.setattr(kernel_program, "start_work", start_work)
    return told


def is_read_outside(events: list[str]) -> bool:
    """Every object was read, and another writer could have had its turn then."""
    is_writing = False
    for event in events:
        if event == "read" and is_writing:
            return False
        is_writing = event == "begin" or (is_writing and event == "read")
    return events.count("read") == COUNT


def a_file(folder: Path) -> Path:
    file = folder / "large.json"
    file.write_text(json.dumps({"objects": [an_indicator(n) for n in range(COUNT)]}))
    return file


def kept(program: Program) -> int:
    with program.work(CONSOLE, write=False) as work:
        brought = StixObject.type == "indicator"
        return work.session.scalar(sa.select(sa.func.count()).where(brought)) or 0


def test_a_connector_holds_nobody_up_while_its_file_is_checked(
    program: Program, tmp_path: Path, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_CHUNK", 2)
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "vendor", PeerFacts("Vendor", "XV"))
        add_agreement(work, AddAgreement("vendor", ceiling=Tlp.AMBER))
    given = {"stix-folder": {"peer": "vendor", "folder": str(tmp_path)}}
    reading = replace(program, settings=replace(program.settings, connectors=given))
    file = a_file(tmp_path)
    events.clear()

    run = service.run_source(reading, SYSTEM, "stix-folder", file)

    assert (run.files, run.taken, kept(program)) == (1, COUNT, COUNT)
    assert is_read_outside(events), events
    assert len([one for one in events if one == "begin"]) >= COUNT // 2


def test_an_import_holds_nobody_up_while_its_file_is_checked(
    program: Program, tmp_path: Path, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_CHUNK", 2)
    home = program.settings.data_dir
    if not (home / "keys" / "secret").exists():
        make_key_file(home / "keys" / "secret")
    url = program.engine.url.render_as_string(hide_password=False)
    environment = {"CIRT_DATA_DIR": str(home), "CIRT_DATABASE_URL": url}
    events.clear()

    result = CliRunner().invoke(root, ["import", str(a_file(tmp_path))], env=environment)

    assert result.exit_code == 0, result.output
    assert kept(program) == COUNT
    assert is_read_outside(events), events
