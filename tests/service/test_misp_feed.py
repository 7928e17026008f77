"""Our own released indicators as a MISP feed: what the gate lets go to that peer, in the ledger, whole at any moment."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.cli import root
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import find_peer, suspend_peer
from cirt.release.commands import Revoke
from cirt.release.exporting.feed import Feed, FolderWrong, make_feed, note_feed, write_feed
from cirt.release.holdings.models import Exit, HandedOut
from cirt.release.recalling.models import LetterKind, PeerLetter
from cirt.release.recalling.revoking import revoke_indicator
from tests.support.release import a_collection, a_reader, our_indicator, published, read_page
from tests.support.store import put


@pytest.fixture
def ids(program: Program) -> dict[str, str]:
    """Released to cert-b, whose ceiling is AMBER: one of each marking; and one that was released to nobody."""
    made: dict[str, str] = {}
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        for number, tlp in enumerate(Tlp):
            out = our_indicator(work, f"198.51.100.{number}", tlp)
            published(work, collection, out)
            made[tlp.value] = out.stix_id
        stays = our_indicator(work, "203.0.113.1", Tlp.CLEAR)
        put(work, stays)
    return made


def written(program: Program, folder: Path) -> Feed:
    with program.work(CONSOLE) as work:
        made = make_feed(work, "cert-b")
        note_feed(work, made)
    write_feed(made, folder)
    return made


def attributes(folder: Path) -> dict[str, dict[str, Any]]:
    """By value, of every event that the manifest names."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    events = [json.loads((folder / f"{own}.json").read_bytes())["Event"] for own in manifest]
    return {row["value"]: row for event in events for row in event["Attribute"]}


def handed_out(program: Program) -> int:
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(sa.func.count()).where(HandedOut.exit == Exit.FILE)
        return work.session.scalar(query) or 0


def test_it_holds_what_the_peer_may_have_with_its_marking(
    program: Program, ids: dict[str, str], tmp_path: Path
) -> None:
    written(program, tmp_path)

    found = attributes(tmp_path)
    assert sorted(found) == ["198.51.100.0", "198.51.100.1", "198.51.100.2"]
    assert found["198.51.100.2"]["uuid"] == ids["amber"].partition("--")[2]
    assert found["198.51.100.2"]["Tag"][0] == {"name": "tlp:amber"}
    assert len((tmp_path / "hashes.csv").read_text().splitlines()) == 3


def test_the_ledger_knows_each_once_and_unchanged_files_keep_their_date(
    program: Program, ids: dict[str, str], tmp_path: Path
) -> None:
    written(program, tmp_path)
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    written(program, tmp_path)

    assert handed_out(program) == 3
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("polls", [True, False])
def test_what_is_recalled_is_marked_as_deleted_or_gone_and_a_letter_says_so(
    program: Program, ids: dict[str, str], tmp_path: Path, clock: FakeClock, *, polls: bool
) -> None:
    """The revocation itself goes to those who had the object by pages of TAXII; others are told by mail."""
    written(program, tmp_path)
    with program.work(CONSOLE, write=False) as work:
        peer = find_peer(work.session, "cert-b")
    if polls:
        read_page(program, peer)
    clock.forward(minutes=1)
    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(ids["green"], "wrong"))

    written(program, tmp_path)

    found = attributes(tmp_path)
    assert found["198.51.100.0"]["deleted"] is False
    if polls:
        gone = found["198.51.100.1"]
        assert (gone["deleted"], gone["to_ids"]) == (True, False)
    else:
        assert "198.51.100.1" not in found
        with program.work(CONSOLE, write=False) as work:
            assert work.session.scalars(sa.select(PeerLetter.kind)).all() == [LetterKind.CLOSED]


def test_what_the_peer_may_have_no_more_is_gone_from_the_folder(
    program: Program, ids: dict[str, str], tmp_path: Path
) -> None:
    first = written(program, tmp_path)
    (tmp_path / "notes.json").write_text("not ours")
    with program.work(CONSOLE) as work:
        suspend_peer(work, "cert-b")
        assert find_peer(work.session, "cert-b")

    written(program, tmp_path)

    assert attributes(tmp_path) == {}
    assert not any((tmp_path / name).exists() for name in first.files if name != "hashes.csv")
    assert (tmp_path / "notes.json").exists()


def test_a_folder_that_cannot_be_written_is_named(
    program: Program, ids: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FolderWrong, match="file"):
        written(program, tmp_path / "file")


def test_the_verb_is_there() -> None:
    assert "feed" in root.commands
