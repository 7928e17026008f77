"""Exchange without a line: files carry the rows of a peer's feed, once, whole, and through the same doors."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from cirt.cli import console as program_of
from cirt.cli import root
from cirt.exchange.arrivals import take
from cirt.exchange.carrying import feeds, sending, taking
from cirt.exchange.carrying.errors import (
    CarriedChanged,
    CarriedForOther,
    CarriedTooEarly,
    NoFileYet,
    NoGiving,
    NotCarried,
    NothingToCarry,
    NotWritten,
    OutThere,
    PeerKeyMissing,
    SenderUnknown,
    StillMoving,
)
from cirt.exchange.carrying.frames import Kind
from cirt.exchange.carrying.models import Carried, CarriedFile
from cirt.exchange.carrying.own_keys import own_keys, renew_keys
from cirt.exchange.carrying.writing import Writer
from cirt.exchange.health import Health, link_health
from cirt.exchange.links.due import put_due
from cirt.exchange.links.now import LinkByFile, run_now
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import Link, LinkDirection, Quarantined, Run, RunState
from cirt.exchange.sightings import NO_LINK, ReportSighting, report_sighting
from cirt.exchange.sync import sync_all
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.clock import FakeClock
from cirt.kernel.exchange_keys import PrivateKeys
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects.models import AlsoSeen
from cirt.parties.errors import ExchangeKeyTaken
from cirt.parties.peers import (
    PeerFacts,
    add_peer,
    find_peer,
    set_credentials,
    set_peer,
    suspend_peer,
)
from cirt.release.holdings.accounting import account_due
from cirt.release.holdings.queries import holds_of
from cirt.release.models import PageRead
from tests.support.carried import Carriers, Place, carriers
from tests.support.databases import Databases
from tests.support.store import indicator
from tests.support.sync import have
from tests.support.taxii import PASSWORD, served


@pytest.fixture
def pair(
    program: Program, databases: Databases, backend: str, tmp_path: Path, clock: FakeClock
) -> Iterator[Carriers]:
    with carriers(program, databases, backend, tmp_path, clock) as made:
        yield made


def carried(place: Place) -> Carried:
    with place.program.work(SYSTEM, write=False) as work:
        return work.session.scalars(sa.select(Carried)).one()


def link_of(place: Place, direction: LinkDirection) -> Link:
    with place.program.work(SYSTEM, write=False) as work:
        return work.session.scalars(sa.select(Link).where(Link.direction == direction)).one()


def test_what_a_gives_b_has_with_its_exact_bytes(pair: Carriers) -> None:
    given = [pair.a.give(), pair.a.give("198.51.100.8", Tlp.AMBER)]

    done = pair.b.take(pair.a.export("1"))

    assert done.run is not None
    assert (done.number, done.run.state, done.run.error) == (1, RunState.DONE, None)
    assert have(pair.b.program) == sorted(given)
    assert [pair.b.body(each) for each in given] == [pair.a.body(each) for each in given]


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_file_says_what_it_holds_only_where_it_is_not_encrypted(
    pair: Carriers, *, is_sealed: bool
) -> None:
    stix_id = pair.a.give()

    path = pair.a.export("1", is_sealed=is_sealed)

    assert (stix_id.encode() in path.read_bytes()) is not is_sealed
    assert path.stat().st_mode & 0o077 == 0
    assert pair.b.take(path).run is not None
    assert have(pair.b.program) == [stix_id]


def test_the_next_file_holds_what_is_new_and_no_more(pair: Carriers) -> None:
    pair.a.give()
    pair.b.take(pair.a.export("1"))
    second = pair.a.give("198.51.100.8")

    made = pair.a.exported("2")
    done = pair.b.take(pair.a.folder / "2")

    assert (made.number, made.follows) == (2, 1)
    assert done.run is not None
    assert done.run.taken == done.run.offered == 1
    assert second in have(pair.b.program)
    with pytest.raises(NothingToCarry):
        pair.a.exported("3")


def test_a_recall_goes_with_the_next_file_and_to_nobody_who_had_nothing(pair: Carriers) -> None:
    had, never = pair.a.give(), pair.a.give("198.51.100.8", Tlp.GREEN)
    pair.b.take(pair.a.export("1"))
    later = pair.a.give("198.51.100.9")
    pair.clock.forward(hours=1)
    pair.a.revoke(had)
    pair.a.revoke(later)  # which no file has carried

    pair.b.take(pair.a.export("2"))

    assert pair.b.is_revoked(had)
    assert not pair.b.is_revoked(never)
    assert later not in have(pair.b.program)


def test_what_the_gate_keeps_is_not_carried(pair: Carriers) -> None:
    pair.a.give(tlp=Tlp.AMBER_STRICT)
    given = pair.a.give("198.51.100.8")

    pair.b.take(pair.a.export("1"))

    assert have(pair.b.program) == [given]


def test_the_ledger_knows_what_left_by_file_and_under_which_terms(pair: Carriers) -> None:
    stix_id = pair.a.give()
    pair.a.exported("1")

    for _ in range(2):  # before and after the job that accounts for pages
        with pair.a.program.work(SYSTEM, write=False) as work:
            mine = sa.text("SELECT id FROM stix_object WHERE stix_id = :it").bindparams(it=stix_id)
            object_id = work.session.execute(mine).scalar_one()
            [hold] = holds_of(work.session, [object_id])[object_id]
            [got] = hold.got
            assert (got.way, got.agreement) == ("file", "MOU-2026-0001 v1")
        account_due(pair.a.program)


def test_a_file_taken_again_changes_nothing(pair: Carriers) -> None:
    pair.a.give()
    path = pair.a.export("1")
    pair.b.take(path)
    before = pair.b.versions(), pair.b.count(Run), pair.b.count(AlsoSeen)

    done = pair.b.take(path)

    assert done.run is None
    assert (pair.b.versions(), pair.b.count(Run), pair.b.count(AlsoSeen)) == before


def test_an_older_file_that_comes_late_is_known(pair: Carriers) -> None:
    pair.a.give()
    first = pair.a.export("1")
    pair.clock.forward(hours=1)
    again = pair.a.export("2", again=True)
    pair.b.take(again)

    done = pair.b.take(first)

    assert (done.run, done.number, done.last) == (None, 1, 2)


def test_a_file_that_is_missing_is_named_and_nothing_of_the_next_is_taken(pair: Carriers) -> None:
    pair.a.give()
    pair.b.take(pair.a.export("1"))
    pair.a.give("198.51.100.8")
    lost = pair.a.export("2")
    third = pair.a.give("198.51.100.9")
    path = pair.a.export("3")

    run = pair.b.take(path).run

    assert run is not None
    assert (run.error, run.offered) == ("file-missing", 0)
    said = LINK_ERRORS["file-missing"].format(**run.error_values)
    assert "File 3 of cert-a comes after file 2, and the last one taken is 1" in said
    assert third not in have(pair.b.program)
    with pair.b.program.work(SYSTEM, write=False) as work:
        [health] = link_health(work.session)
        assert (health.health, health.sentence) == (Health.TROUBLE, said)

    pair.b.take(lost)
    assert pair.b.take(path).run is not None
    assert len(have(pair.b.program)) == 3


def test_what_a_lost_file_held_goes_with_the_one_made_from_it(pair: Carriers) -> None:
    given = []
    for number in range(1, 4):
        given.append(pair.a.give(f"198.51.100.{number}"))
        pair.clock.forward(hours=1)
        pair.a.exported(str(number))
    pair.b.take(pair.a.folder / "1")

    made = pair.a.exported("4", again_from=2)
    run = pair.b.take(pair.a.folder / "4").run

    assert (made.number, made.follows) == (4, 1)
    assert run is not None
    assert (run.error, run.taken) == (None, 2)
    assert have(pair.b.program) == sorted(given)
    pair.clock.forward(hours=1)
    pair.a.give("198.51.100.9")
    assert pair.a.exported("5").follows == 4


def test_a_gap_may_be_accepted(pair: Carriers) -> None:
    pair.a.give()
    pair.a.exported("1")
    second = pair.a.give("198.51.100.8")

    run = pair.b.take(pair.a.export("2"), accept_gap=True).run

    assert run is not None
    assert run.error is None
    assert have(pair.b.program) == [second]
    assert carried(pair.b).taken_number == 2


def test_a_sender_that_went_back_to_a_backup_is_noticed_and_counts_on(pair: Carriers) -> None:
    pair.a.give()
    for name in ("1", "2", "3"):
        pair.clock.forward(hours=1)
        pair.b.take(pair.a.export(name, again=name != "1"))
    with pair.a.program.work(CONSOLE) as work:  # as the backup of yesterday says
        work.session.execute(sa.delete(CarriedFile).where(CarriedFile.number > 1))
    pair.clock.forward(hours=1)
    new = pair.a.give("198.51.100.8")
    path = pair.a.export("again")

    with pytest.raises(CarriedTooEarly):
        pair.b.take(path)
    assert new not in have(pair.b.program)
    assert pair.b.take(path, accept_gap=True).run is not None
    assert new in have(pair.b.program)


def test_a_sender_hears_how_far_it_has_counted_before_its_backup(pair: Carriers) -> None:
    pair.a.give()
    for name in ("1", "2", "3"):
        pair.b.take(pair.a.export(name, again=name != "1"), accept_gap=True)
    with pair.a.program.work(CONSOLE) as work:
        work.session.execute(sa.delete(CarriedFile).where(CarriedFile.number > 1))
    with pair.b.program.work(CONSOLE) as work:
        work.session.execute(sa.update(Carried).values(taken_number=3))
    pair.a.take(pair.b.export("answer"))

    pair.a.give("198.51.100.8")

    assert pair.a.exported("next").number == 4


def test_the_sender_learns_from_the_next_file_that_its_own_was_taken(pair: Carriers) -> None:
    pair.a.give()
    pair.b.take(pair.a.export("1"))
    assert link_of(pair.a, LinkDirection.PUSH).last_data_at is None

    pair.clock.forward(hours=1)
    answer = pair.b.exported("2")  # nothing but the word that file 1 was taken
    pair.a.take(pair.b.folder / "2")

    with pair.a.program.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(CarriedFile.taken_at)).one() == pair.clock.now()
    assert link_of(pair.a, LinkDirection.PUSH).last_data_at == pair.clock.now()
    assert answer.objects == 0
    with pytest.raises(NothingToCarry):
        pair.b.exported("3")


def test_what_is_not_taken_is_kept_with_its_reason(pair: Carriers) -> None:
    stix_id = pair.a.give(tlp=Tlp.AMBER)
    with pair.b.program.work(CONSOLE) as work:
        take(work, [indicator(1).raw], peer=None)
        work.session.execute(sa.text("UPDATE agreement SET ceiling_in = 'green'"))

    run = pair.b.take(pair.a.export("1")).run

    assert run is not None
    assert run.held + run.refused >= 1
    assert stix_id not in have(pair.b.program)
    with pair.b.program.work(SYSTEM, write=False) as work:
        rows = work.session.scalars(sa.select(Quarantined)).all()
        assert stix_id in {row.stix_id for row in rows}
        assert {row.run_id for row in rows} == {run.id}


@pytest.mark.parametrize("page", [1, 2, 3])
def test_an_import_that_dies_on_any_page_is_taken_up_there(
    pair: Carriers, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PAGE_SIZE", 2)
    given = pair.a.give_many(6)
    made, path = pair.a.exported("1"), pair.a.folder / "1"
    seen: list[int] = []

    def dying(*args: object, **more: object) -> object:
        arrivals = take(*args, **more)  # type: ignore[arg-type]  # passed on
        seen.append(1)
        if len(seen) == page:
            raise KeyboardInterrupt  # after the work, before the commit
        return arrivals

    monkeypatch.setattr(taking, "take", dying)
    with pytest.raises(KeyboardInterrupt):
        pair.b.take(path)
    assert carried(pair.b).open_pages == page - 1
    monkeypatch.setattr(taking, "take", take)
    before = pair.b.versions()

    run = pair.b.take(path).run

    assert run is not None
    assert run.offered == made.objects - 2 * (page - 1)
    assert pair.b.versions() == before + run.taken
    assert have(pair.b.program) == given
    assert carried(pair.b).taken_number == 1


def test_an_export_that_dies_before_the_ledger_leaves_nothing(
    pair: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.give()

    def dying(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "record_pages", dying)
    before = set(pair.a.folder.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        pair.a.exported("1")

    assert set(pair.a.folder.rglob("*")) - before <= {pair.a.folder / "data" / "cirt.sqlite3-wal"}
    assert pair.a.count(PageRead) == pair.a.count(CarriedFile) == 0


def test_what_an_export_did_not_get_to_write_goes_with_the_next(
    pair: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = pair.a.give()

    def dying(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "_put", dying)
    with pytest.raises(KeyboardInterrupt):
        pair.a.exported("1")
    assert pair.a.count(PageRead) == 1  # never less than what may have left
    monkeypatch.undo()

    made = pair.a.exported("2")

    assert (made.number, made.follows) == (2, 0)
    pair.b.take(pair.a.folder / "2")
    assert have(pair.b.program) == [given]


def test_a_place_that_cannot_be_written_to_is_named(pair: Carriers) -> None:
    pair.a.give()

    with pytest.raises(NotWritten) as refused:
        pair.a.exported("nowhere/1")

    assert "No such file" in str(refused.value)
    (pair.a.folder / "nowhere").mkdir()
    assert pair.a.exported("nowhere/1").follows == 0


def test_rows_that_close_while_a_file_is_made_are_read_again(
    pair: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalled, other = pair.a.give(), pair.a.give("198.51.100.8")
    real = sending._make
    times: list[int] = []

    def meanwhile(*args: Any, **more: Any) -> Any:
        made = real(*args, **more)
        times.append(made.number)
        if len(times) == 1:
            pair.a.revoke(recalled)
        return made

    monkeypatch.setattr(sending, "_make", meanwhile)
    pair.b.take(pair.a.export("1"))

    assert times == [1, 1]
    assert have(pair.b.program) == [other]


def test_an_export_that_never_gets_to_an_end_says_so(
    pair: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.a.give()
    monkeypatch.setattr(sending, "record_pages", lambda _work, readings: [False for _ in readings])

    with pytest.raises(StillMoving):
        pair.a.exported("1")

    assert pair.a.count(CarriedFile) == pair.a.count(PageRead) == 0
    assert not (pair.a.folder / "1").exists()


def test_nothing_is_written_over(pair: Carriers) -> None:
    pair.a.give()
    (pair.a.folder / "1").write_text("mine")

    with pytest.raises(OutThere):
        pair.a.exported("1")

    assert (pair.a.folder / "1").read_text() == "mine"


def test_without_an_agreement_nothing_is_written_or_taken(pair: Carriers) -> None:
    pair.a.give()
    path = pair.a.export("1")
    for place in (pair.a, pair.b):
        with place.program.work(CONSOLE) as work:
            suspend_peer(work, place.other)

    with pytest.raises(NoGiving):
        pair.a.exported("2")
    run = pair.b.take(path).run
    assert run is not None
    assert run.error == "resting"
    assert have(pair.b.program) == []


def test_keys_that_are_not_recorded_are_asked_for(pair: Carriers) -> None:
    pair.a.give()
    path = pair.a.export("1")
    with pair.b.program.work(CONSOLE) as work:
        find_peer(work.session, "cert-a").exchange_key = None

    with pytest.raises(SenderUnknown) as refused:
        pair.b.take(path)
    assert pair.a.public().fingerprint in str(refused.value)
    with pytest.raises(PeerKeyMissing):
        pair.b.exported("2")
    with pytest.raises(NoFileYet):
        pair.a.exported("3", again_from=7)


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_file_for_another_is_not_taken(pair: Carriers, *, is_sealed: bool) -> None:
    pair.a.give()
    path = pair.a.export("1", is_sealed=is_sealed)

    with pytest.raises(CarriedForOther) as refused:
        pair.a.take(path)

    assert pair.b.public().fingerprint in str(refused.value)


def test_files_for_keys_that_were_replaced_are_made_again_for_the_new_ones(pair: Carriers) -> None:
    given = pair.a.give()
    path = pair.a.export("1")
    with pair.b.program.work(CONSOLE) as work:
        renewed = renew_keys(work, pair.b.program.keys).public

    with pytest.raises(CarriedForOther):
        pair.b.take(path)
    with pair.a.program.work(CONSOLE) as work:
        set_peer(work, pair.a.program.keys, "cert-b", PeerFacts(exchange_key=renewed.text))
    pair.b.take(pair.a.export("2", again=True))

    assert have(pair.b.program) == [given]


def test_two_peers_have_no_key_in_common(pair: Carriers) -> None:
    with pair.a.program.work(CONSOLE) as work:
        keys = pair.a.program.keys
        add_peer(work, keys, "cert-c", PeerFacts(name="C", country="CC"))
        with pytest.raises(ExchangeKeyTaken):
            set_peer(work, keys, "cert-c", PeerFacts(exchange_key=pair.b.public().text))


def test_a_link_by_file_shows_and_never_runs_by_itself(pair: Carriers) -> None:
    pair.a.give()
    pair.b.take(pair.a.export("1"))

    for place, direction in ((pair.a, LinkDirection.PUSH), (pair.b, LinkDirection.PULL)):
        with place.program.work(CONSOLE) as work:
            [health] = link_health(work.session)
            assert (health.health, health.direction) == (Health.GOOD, direction)
            assert health.last_run is not None
            assert health.last_run.offered > 0
            assert put_due(work) == 0
            with pytest.raises(LinkByFile):
                run_now(work, health.id)
        assert list(sync_all(place.program)) == []


def test_a_sighting_does_not_wait_on_a_link_by_file(pair: Carriers) -> None:
    stix_id = pair.a.give()
    pair.b.take(pair.a.export("1"))
    pair.b.exported("2")

    with pair.b.program.work(CONSOLE) as work:
        said = report_sighting(work, ReportSighting(stix_id, work.now, work.now))

    assert (said.link_id, said.message) == (None, NO_LINK)


def test_own_keys_are_kept_sealed_and_stay(pair: Carriers) -> None:
    first = pair.a.public()

    assert pair.a.public() == first
    assert first != pair.b.public()
    with pair.a.program.work(SYSTEM, write=False) as work:
        sealed = bytes(
            work.session.execute(sa.text("SELECT sealed FROM exchange_key")).scalar_one()
        )
    assert first.signing not in sealed
    secret = pair.a.program.keys.unseal("exchange-key", sealed)
    assert PrivateKeys.from_secret(secret).public == first
    assert PrivateKeys.from_secret(secret).signing not in sealed


def test_a_peer_that_also_has_a_line_gets_nothing_twice(pair: Carriers) -> None:
    given = [pair.a.give(), pair.a.give("198.51.100.8")]
    with served(pair.a.program) as url:
        with pair.a.program.work(CONSOLE) as work:
            set_credentials(work, "cert-b", "b", PASSWORD)
        with pair.b.program.work(CONSOLE) as work:
            facts = PeerFacts(discovery_url=f"{url}/taxii2/", username="b", password=PASSWORD)
            set_peer(work, pair.b.program.keys, "cert-a", facts)
            add_link(work, AddLink("cert-a", "indicators", LinkDirection.PULL))
        [(_, pulled)] = sync_all(pair.b.program)
        before = pair.b.versions()
        third = pair.a.give("198.51.100.9")
        first = pair.b.take(pair.a.export("1")).run
        [(_, again)] = sync_all(pair.b.program)

    assert first is not None
    assert (pulled.error, first.error, again.error) == (None, None, None)
    assert (first.taken, again.taken) == (1, 0)
    assert pair.b.versions() == before + 1
    assert have(pair.b.program) == sorted([*given, third])


@pytest.mark.parametrize("where", [0.01, 0.5, 0.99])
def test_of_a_file_that_was_changed_nothing_is_taken(pair: Carriers, where: float) -> None:
    pair.a.give_many(20)
    path = pair.a.export("1")
    raw = bytearray(path.read_bytes())
    raw[int(where * len(raw))] ^= 1
    path.write_bytes(raw)
    before = pair.b.versions(), pair.b.count(Run), pair.b.count(Quarantined)

    with pytest.raises((CarriedChanged, CarriedForOther)):
        pair.b.take(path)

    assert (pair.b.versions(), pair.b.count(Run), pair.b.count(Quarantined)) == before


def test_the_console_exports_imports_and_lists(
    pair: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = pair.a.give()

    def cirt(place: Place, *words: object) -> Result:
        monkeypatch.setenv("CIRT_DATABASE_URL", place.program.settings.database_url)
        monkeypatch.setattr(program_of, "load_program", lambda _settings: place.program)
        return CliRunner().invoke(root, ["--json", *map(str, words)])

    path = pair.a.folder / "stick.cirt"
    made = cirt(pair.a, "exchange", "export", "--peer", "cert-b", "--out", path)
    taken = cirt(pair.b, "exchange", "import", path)
    again = cirt(pair.b, "exchange", "import", path)
    listed = cirt(pair.a, "exchange", "list")
    key = cirt(pair.a, "exchange", "key")
    shown = cirt(pair.b, "peer", "show", "cert-a")

    assert json.loads(made.output)["number"] == 1, made.output
    assert json.loads(taken.output)["taken"] >= 1, taken.output
    assert json.loads(again.output)["taken_before"] is True
    assert json.loads(listed.output)[0]["written"] == "yes"
    assert json.loads(shown.output)["exchange_fingerprint"] == json.loads(key.output)["fingerprint"]
    assert have(pair.b.program) == [given]
    wrong = cirt(pair.b, "exchange", "import", __file__)
    assert wrong.exit_code == 1
    assert "is not a file for exchange" in wrong.output


def signed(pair: Carriers, **said: Any) -> Path:
    """An empty file of A for B that says this of itself."""
    with pair.a.program.work(CONSOLE) as work:
        own = own_keys(work, pair.a.program.keys)
    to = pair.b.public()
    header = {
        "sender": "identity--a",
        "sender_key": own.public.fingerprint,
        "recipient_key": to.fingerprint,
        "number": 1,
        "follows": 0,
        "made_at": "2026-11-18T12:00:00Z",
        "taken": 0,
        "collections": [],
    }
    path = pair.a.folder / "signed"
    with path.open("wb") as file:
        writer = Writer(file, own, to)
        writer._put(Kind.HEADER, json.dumps(header | said).encode())
        writer.end([])
    return path


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_file_made_at_a_time_that_is_none_is_refused_before_anything_is_taken(
    pair: Carriers, at: str
) -> None:
    with pytest.raises(CarriedChanged, match="cannot be read"):
        pair.b.take(signed(pair, made_at=at))


def test_a_peer_that_claims_files_of_no_sense_leaves_us_numbers_to_go_on_with(
    pair: Carriers,
) -> None:
    pair.b.take(signed(pair, taken=2**31 - 1))
    pair.b.give()

    assert pair.b.exported("2").number == 1
    assert pair.a.take(pair.b.folder / "2").number == 1


def test_what_cannot_be_read_twice_is_no_file_for_exchange(pair: Carriers) -> None:
    reads, writes = os.pipe()
    os.write(writes, b"CIRT carried file 1\n")
    os.close(writes)

    with pytest.raises(NotCarried):
        pair.b.take(Path(f"/dev/fd/{reads}"))
    os.close(reads)
