"""Connectors as the program runs them: what they find arrives with its cursor, under a peer's name."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects.models import StixObject
from cirt.parties.errors import NoSuchPeer
from cirt.parties.peers import PeerFacts, add_peer
from cirt.plugin import Connector, Fetch, Found
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sources import service
from cirt.sources.models import Source
from cirt.sources.setup import ConnectorFailed, NoSuchConnector, connectors
from tests.support.reading import read_by_worker
from tests.support.taxii import a_malware, an_indicator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "spool"
    made.mkdir()
    return made


@pytest.fixture
def reading(program: Program, folder: Path) -> Program:
    """A program whose stix-folder reads ``folder`` in the name of the peer ``vendor``."""
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "vendor", PeerFacts("Vendor", "XV"))
        add_agreement(work, AddAgreement("vendor", ceiling=Tlp.AMBER))
    return _with(program, {"peer": "vendor", "folder": str(folder)})


def _with(program: Program, settings: dict[str, str]) -> Program:
    return replace(
        program, settings=replace(program.settings, connectors={"stix-folder": settings})
    )


def _put(folder: Path, name: str, *objects: object) -> None:
    (folder / f".{name}").write_text(json.dumps({"objects": objects}))
    (folder / f".{name}").rename(folder / name)


def _brought(program: Program) -> list[str]:
    with program.work(CONSOLE, write=False) as work:
        mine = sa.select(StixObject.stix_id).where(StixObject.brought_by_id.is_not(None))
        return sorted(work.session.scalars(mine))


def test_what_a_connector_finds_is_the_peers_and_is_read_once(
    reading: Program, folder: Path
) -> None:
    one, two = an_indicator(1), a_malware()
    _put(folder, "one.json", one)
    first = service.run_source(reading, SYSTEM, "stix-folder")
    _put(folder, "two.json", two, {"type": "indicator", "id": "broken"})
    second = service.run_source(reading, SYSTEM, "stix-folder")
    third = service.run_source(reading, SYSTEM, "stix-folder")

    assert [(run.files, run.taken) for run in (first, second, third)] == [(1, 1), (1, 1), (0, 0)]
    assert _brought(reading) == sorted([one["id"], two["id"]])


def test_a_file_that_is_no_json_is_named_and_stops_none_behind_it(
    reading: Program, folder: Path
) -> None:
    (folder / "bad.json").write_bytes(b"{")
    _put(folder, "good.json", an_indicator(1))

    with pytest.raises(ConnectorFailed, match=r"bad\.json"):
        service.run_source(reading, SYSTEM, "stix-folder")

    assert len(_brought(reading)) == 1
    assert service.run_source(reading, SYSTEM, "stix-folder").files == 0
    assert (folder / "bad.json").exists()


def test_a_fault_is_kept_for_the_health_page_until_something_is_read(
    reading: Program, folder: Path
) -> None:
    (folder / "bad.json").write_bytes(b"[1")
    with pytest.raises(ConnectorFailed):
        service.run_source(reading, SYSTEM, "stix-folder")
    assert "bad.json" in _error(reading)

    _put(folder, "good.json", an_indicator(1))
    service.run_source(reading, SYSTEM, "stix-folder")
    assert _error(reading) == ""


def _error(program: Program) -> str:
    with program.work(CONSOLE, write=False) as work:
        return work.session.get_one(Source, "stix-folder").error or ""


def test_the_worker_runs_what_is_configured_and_a_fault_stops_nobody(
    reading: Program, folder: Path
) -> None:
    _put(folder, "one.json", an_indicator(1))
    read_by_worker(_with(reading, {"peer": "vendor", "folder": "/nowhere"}))
    read_by_worker(reading)

    assert len(_brought(reading)) == 1


def test_a_connector_that_breaks_stops_no_other_and_is_named(
    reading: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Connector):
        name = "broken"

        def pull(self, fetch: Fetch, cursor: str | None) -> Iterator[tuple[Found, str]]:
            raise ZeroDivisionError

    known = connectors()
    monkeypatch.setattr(service, "connectors", lambda: {"broken": Broken, **known})
    configured = {"broken": {"peer": "vendor"}, **reading.settings.connectors}
    program = replace(reading, settings=replace(reading.settings, connectors=configured))
    _put(folder, "one.json", an_indicator(1))

    read_by_worker(program)

    assert len(_brought(reading)) == 1
    with program.work(CONSOLE, write=False) as work:
        assert "ZeroDivisionError" in (work.session.get_one(Source, "broken").error or "")


def test_what_is_missing_is_named(program: Program, folder: Path) -> None:
    with pytest.raises(NoSuchConnector, match="nothing"):
        service.run_source(program, SYSTEM, "nothing")
    with pytest.raises(ConnectorFailed, match="set peer"):
        service.run_source(program, SYSTEM, "stix-folder")
    _put(folder, "one.json", an_indicator(1))
    with pytest.raises(NoSuchPeer, match="nobody"):
        service.run_source(
            _with(program, {"peer": "nobody", "folder": str(folder)}), SYSTEM, "stix-folder"
        )


def test_one_named_file_is_read_at_once(reading: Program, tmp_path: Path) -> None:
    _put(tmp_path, "named.json", an_indicator(1))

    run = service.run_source(reading, CONSOLE, "stix-folder", tmp_path / "named.json")

    assert (run.files, run.taken) == (1, 1)
