"""``cirt up`` as an operator sees it: children come back, one per place, clean ends, a copy before migrating."""

import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.kernel import schema
from cirt.kernel.db import make_engine
from tests.support.databases import BACKENDS, Databases
from tests.support.processes import Up, run_cirt, up, wait_until

INIT = ("init", "--name", "EX-CIRT", "--country", "EX", "--admin", "rosa@ex-cirt.example")


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("initialised")
    done = run_cirt(*INIT, cwd=place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def home(initialised: Path, tmp_path: Path) -> Path:
    """A folder with an initialised installation of its own."""
    shutil.copytree(initialised, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def running(home: Path) -> Iterator[Up]:
    with up(home) as started:
        yield started


def test_in_an_empty_folder_it_runs_and_says_what_to_do_and_init_completes_it(
    tmp_path: Path,
) -> None:
    with up(tmp_path) as started:
        before = [started.get(path) for path in ("/", "/desk", "/taxii2/", "/health/live")]
        made = run_cirt(*INIT, cwd=tmp_path)
        after = [started.get(path) for path in ("/", "/sign-in", "/taxii2/")]

    assert before == [503, 503, 503, 200]
    assert made.returncode == 0, made.stderr
    assert after == [200, 200, 401]
    assert run_cirt(*INIT, cwd=tmp_path).returncode == 1


def test_what_it_writes_is_its_own_users_alone(home: Path, running: Up) -> None:
    open_to_others = [
        str(path) for path in (home / "data").rglob("*") if path.stat().st_mode & 0o077
    ]

    assert open_to_others == []


def test_a_lost_key_is_not_replaced_by_a_new_one(home: Path) -> None:
    (home / "data" / "keys" / "secret").unlink()

    refused = run_cirt("up", cwd=home)

    assert refused.returncode == 1
    assert "Restore it from a backup" in refused.stderr


def test_a_child_that_was_killed_is_started_again(running: Up) -> None:
    before = running.children()

    os.kill(before[0], signal.SIGKILL)

    def is_replaced() -> bool:
        now = running.children()
        return len(now) == len(before) and before[0] not in now

    wait_until(is_replaced, "a new child")
    assert running.get("/health/ready") == 200
    assert '"event": "died"' in running.log.read_text(encoding="utf-8")


def test_sigterm_ends_parent_and_children_and_exits_with_zero(running: Up) -> None:
    assert running.end() == 0
    assert running.leftovers() == []


def test_the_children_of_a_killed_parent_end_so_that_it_can_be_started_again(
    home: Path, running: Up
) -> None:
    running.children()
    running.process.kill()
    running.process.wait()

    wait_until(lambda: not running.leftovers(), "the children end")

    with up(home) as again:
        assert again.get("/health/ready") == 200


def test_a_second_one_in_the_same_place_is_refused_in_a_sentence(home: Path, running: Up) -> None:
    second = run_cirt("up", "--bind", "127.0.0.1:1", cwd=home)

    assert second.returncode == 1
    assert second.stderr == f"Another cirt up is running on {home / 'data'}. Stop it first.\n"
    assert running.get("/health/ready") == 200


def test_a_port_in_use_is_said_in_a_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"

        done = run_cirt("up", "--bind", bind, cwd=home)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{bind} cannot be used: Address already in use." in done.stderr


@pytest.mark.parametrize(
    ("bind", "code", "says"),
    [("127.0.0.1:70000", 1, "65535"), ("127.0.0.1", 2, "127.0.0.1:8000")],
)
def test_an_address_that_cannot_be_is_named(home: Path, bind: str, code: int, says: str) -> None:
    done = run_cirt("up", "--bind", bind, cwd=home)

    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_schema_is_copied_and_then_migrated(home: Path) -> None:
    database = home / "data" / "cirt.sqlite3"
    engine = make_engine(f"sqlite:///{database}")
    schema.downgrade(engine, "base")
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE of_before (word TEXT)")
        connection.execute("INSERT INTO of_before VALUES ('kept')")

    with up(home) as started:
        started.end()

    engine = make_engine(f"sqlite:///{database}")
    assert schema.current_revision(engine) == schema.newest_revision()
    engine.dispose()
    (copy,) = (home / "data" / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT word FROM of_before").fetchone() == ("kept",)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'report'")
        assert tables.fetchone() is None


def test_a_schema_of_a_later_version_is_left_alone_and_named(home: Path) -> None:
    with closing(sqlite3.connect(home / "data" / "cirt.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    done = run_cirt("up", cwd=home)

    assert done.returncode == 1
    assert "The database is at 9999, which this version of cirt does not know." in done.stderr
    assert not (home / "data" / "backups").exists()


def test_a_copy_made_by_hand_while_it_runs_is_a_whole_installation(home: Path, running: Up) -> None:
    """The three steps of docs/operate.md, and its checks."""
    backup = home / "backup"
    shutil.copytree(home / "data" / "keys", backup / "keys")
    with closing(sqlite3.connect(home / "data" / "cirt.sqlite3")) as connection:
        connection.execute("VACUUM INTO ?", (str(backup / "cirt.sqlite3"),))

    assert running.get("/health/ready") == 200
    for verb in (("db", "check"), ("audit", "verify"), ("user", "list")):
        done = run_cirt("--data-dir", backup, *verb, cwd=home)
        assert done.returncode == 0, done.stderr
    assert "rosa@ex-cirt.example" in done.stdout


@pytest.mark.parametrize("backend", BACKENDS)
def test_web_and_worker_run_apart_from_each_other(
    backend: str, databases: Databases, tmp_path: Path
) -> None:
    """As separate units do; on PostgreSQL on any number of nodes."""
    where = {"CIRT_DATABASE_URL": databases.empty_url(backend, tmp_path / "db")}
    begun = run_cirt(*INIT, cwd=tmp_path, environment=where)
    assert begun.returncode == 0, begun.stderr

    with (
        up(tmp_path, environment=where, verb="web") as web,
        up(tmp_path, environment=where, verb="worker", log="worker.log") as worker,
    ):
        engine = make_engine(where["CIRT_DATABASE_URL"])

        def has_worked() -> bool:
            with engine.connect() as connection:
                done = sa.text("SELECT count(*) FROM job WHERE state = 'done'")
                return bool(connection.scalar(done))

        wait_until(has_worked, "the worker does a job")
        engine.dispose()
        assert web.get("/taxii2/") == 401
        assert worker.end() == 0
        assert web.end() == 0
        assert web.leftovers() == []
