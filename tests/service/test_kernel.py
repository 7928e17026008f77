"""Work, references and keys on both databases."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.kernel import db
from cirt.kernel.clock import FakeClock
from cirt.kernel.db import make_engine
from cirt.kernel.errors import NotAllowed
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.keys import (
    KeyMissing,
    Keys,
    SecretUnreadable,
    TokenWrong,
    make_key_file,
    read_keys,
)
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.parties.models import Person
from tests.conftest import NOON
from tests.support.databases import Databases


def test_references_are_made_in_order_and_never_twice_by_many_at_once(program: Program) -> None:
    made: list[str] = []

    def make() -> None:
        for _ in range(10):
            with program.work(CONSOLE) as work:
                made.append(next_reference(work, Reference.REPORT))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [f"REP-2026-{number:04d}" for number in range(1, 41)]


def test_work_that_fails_leaves_nothing(program: Program) -> None:
    with pytest.raises(RuntimeError), program.work(CONSOLE) as work:
        work.session.add(Person(name="Nobody"))
        work.session.flush()
        raise RuntimeError

    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_reading_work_keeps_no_change(program: Program) -> None:
    with program.work(CONSOLE, write=False) as work:
        work.session.add(Person(name="Nobody"))

    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_the_public_may_nothing_that_is_asked_for(program: Program) -> None:
    with program.work(PUBLIC) as work, pytest.raises(NotAllowed):
        work.require("incident:write")


def test_sqlite_keeps_acknowledged_commits_through_a_power_cut(program: Program) -> None:
    if program.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's own default is durable")
    with program.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_token_opens_only_for_its_purpose_and_unchanged() -> None:
    keys = Keys(b"x" * 32)
    token = keys.sign("page", {"at": 1})

    assert keys.open("page", token) == {"at": 1}
    for purpose, text in (("other", token), ("page", token[:-1]), ("page", "."), ("page", "é")):
        with pytest.raises(TokenWrong):
            keys.open(purpose, text)


def test_the_key_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    with pytest.raises(KeyMissing):
        read_keys(path)
    make_key_file(path)

    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        make_key_file(path)
    sealed = read_keys(path).seal("passwords", "a peer's password")
    assert read_keys(path).unseal("passwords", sealed) == "a peer's password"


def test_what_is_sealed_for_one_purpose_is_unreadable_for_another() -> None:
    keys = Keys(b"s" * 32)

    with pytest.raises(SecretUnreadable):
        keys.unseal("receipts", keys.seal("passwords", "a peer's password"))


def test_a_connection_that_died_while_it_rested_is_made_anew(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_REST_S", 0.0)
    who = sa.text("SELECT pg_backend_pid()")
    with databases.program("postgresql", tmp_path, FakeClock(NOON)) as program:
        with program.work(CONSOLE, write=False) as work:
            first = work.session.scalar(who)
        other = make_engine(str(program.settings.database_url))
        with other.connect() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(first)))
        other.dispose()
        with program.work(CONSOLE, write=False) as work:
            second = work.session.scalar(who)

    assert second != first


def test_a_glance_leaves_the_connection_as_it_was(databases: Databases, tmp_path: Path) -> None:
    """Were it left to commit by itself, the next unit of work would not be one."""
    with databases.program("postgresql", tmp_path, FakeClock(NOON)) as program:
        who = sa.text("SELECT pg_backend_pid()")
        with db.glance(program.engine) as connection:
            looked = connection.scalar(who)

        with program.engine.connect() as connection:
            assert connection.scalar(who) == looked
            driver = connection.connection.driver_connection
            assert driver is not None
            assert driver.autocommit is False
