"""Reports that systems tell of: one to a key, a further time where somebody works on it, and safe against what is told."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.exchange import room
from cirt.files.models import Attachment
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.register.dialogue.models import Message, MessageKind
from cirt.register.models import Report, ReportSource
from cirt.sources import service
from cirt.sources.reports import NotReports, read_reports
from cirt.sources.setup import ConnectorFailed, SourceBusy, alone
from tests.support.documents import ROOT

EVENTS = ROOT / "tests" / "samples" / "events"
Put = Callable[..., None]


@pytest.fixture
def reading(program: Program, tmp_path: Path) -> Program:
    (tmp_path / "events").mkdir()
    table = {"folder": str(tmp_path / "events")}
    return replace(program, settings=replace(program.settings, connectors={"intelmq": table}))


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def add(name: str, *lines: str) -> None:
        with (tmp_path / "events" / name).open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    return add


def event(number: int, **more: str) -> str:
    said = {
        "classification.type": "scanner",
        "source.ip": f"198.51.100.{number}",
        "time.source": "2026-11-17T03:04:05+00:00",
    }
    return json.dumps({**said, **more})


def reports(program: Program) -> list[Report]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(Report).order_by(Report.id)))


def again(program: Program) -> int:
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(sa.func.count()).where(Message.kind == MessageKind.AGAIN)
        return work.session.scalar(query) or 0


def test_events_become_reports_with_their_lines_beside_them(reading: Program, put: Put) -> None:
    put("a.jsonl", *(EVENTS / "intelmq.jsonl").read_text().splitlines())
    put("b.jsonl", *(EVENTS / "n6.jsonl").read_text().splitlines())

    run = service.run_source(reading, SYSTEM, "intelmq")

    assert (run.offered, run.taken, run.files, run.left_out.total()) == (3, 3, 2, 4)
    found = {one.title: one for one in reports(reading)}
    bank = found["infected-system: 1 event at bank.example on 2026-11-17"]
    assert (bank.source, bank.organisation, bank.tlp) == (
        ReportSource.CONNECTOR,
        "bank.example",
        Tlp.AMBER_STRICT,
    )
    with reading.work(SYSTEM, write=False) as work:
        assert len(work.session.scalars(sa.select(Attachment.id)).all()) == 3


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_left_of_the_disk_is_not_for_events(
    reading: Program, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.jsonl", event(1))
    with monkeypatch.context() as nearly_full:
        nearly_full.setattr(room, "LEAST_FREE", 1 << 60)
        nearly_full.setattr(room, "_PART_FREE", 1)  # all of the disk
        service.run_configured(reading, SYSTEM, "intelmq")
        with reading.work(SYSTEM, write=False) as work:
            error = service.states(work)["intelmq"].error
        assert reports(reading) == []
    service.run_configured(reading, SYSTEM, "intelmq")

    assert error is not None
    assert "MiB are free on the disk of the database" in error
    assert len(reports(reading)) == 1


def test_told_again_it_is_a_further_time_of_the_same_report(reading: Program, put: Put) -> None:
    put("a.jsonl", event(1))
    service.run_source(reading, SYSTEM, "intelmq")
    put("a.jsonl", event(2))
    put("b.jsonl", event(2))  # the same once more
    run = service.run_source(reading, SYSTEM, "intelmq")

    assert len(reports(reading)) == 1
    assert again(reading) == 1
    assert (run.taken, run.known) == (1, 1)


def test_what_is_read_twice_is_entered_once(reading: Program, put: Put, tmp_path: Path) -> None:
    put("a.jsonl", event(1), event(2))
    service.run_source(reading, SYSTEM, "intelmq")

    run = service.run_source(reading, CONSOLE, "intelmq", tmp_path / "events" / "a.jsonl")

    assert (run.taken, run.known, len(reports(reading)), again(reading)) == (0, 1, 1, 0)


def test_objects_need_a_peer_and_say_so(reading: Program, put: Put) -> None:
    put("a.jsonl", event(1))
    table = {**reading.settings.connectors["intelmq"], "becomes": "both"}
    both = replace(reading, settings=replace(reading.settings, connectors={"intelmq": table}))

    with pytest.raises(ConnectorFailed, match="set peer"):
        service.run_source(both, SYSTEM, "intelmq")


def test_one_run_at_a_time(reading: Program) -> None:
    with alone(reading, "intelmq"), pytest.raises(SourceBusy, match="intelmq"):
        service.run_source(reading, SYSTEM, "intelmq")

    assert service.run_source(reading, SYSTEM, "intelmq").files == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'[{"key": 1}]',
        b'[{"key": "a"}]',
        b'[{"key": "a", "title": "b", "tlp": "red"}]',
        b'[{"key": "a", "title": "b", "tlp": "purple"}]',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_list_of_reports_gets_a_sentence(body: bytes) -> None:
    with pytest.raises(NotReports, match="no list of reports"):
        read_reports(body)
