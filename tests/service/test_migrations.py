"""Migrations on both databases: they agree with the models, and each step goes up and down with rows in the tables."""

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from cirt.kernel import audit, schema
from cirt.kernel.clock import FakeClock
from cirt.kernel.db import Base, make_engine
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import find_peer, set_credentials
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import WriteNote
from cirt.register.linking.commands import LinkReport
from cirt.register.linking.service import link_report
from cirt.register.linking.whereabouts import incidents_on
from cirt.register.models import Incident
from tests.support.databases import Databases
from tests.support.register import a_person, a_report, accepting, an_incident, with_observables
from tests.support.release import a_collection, a_reader, our_indicator, published, read_page
from tests.support.store import a_peer, indicator, put, relationship

importlib.import_module("cirt.boot.main")  # every model, as the program has them


@pytest.fixture
def engine(backend: str, databases: Databases, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database."""
    made = make_engine(databases.empty_url(backend, tmp_path))
    yield made
    made.dispose()


def test_the_migrated_schema_agrees_with_the_models(engine: sa.Engine) -> None:
    schema.upgrade(engine)

    assert schema.differences(engine) == []
    assert schema.current_revision(engine) == schema.newest_revision()


def test_a_schema_that_does_not_agree_is_noticed(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit_head")

    assert any("audit_head" in str(one) for one in schema.differences(engine))


def test_down_to_nothing_leaves_no_table_of_ours(engine: sa.Engine) -> None:
    schema.upgrade(engine)

    schema.downgrade(engine, "base")

    left = set(sa.inspect(engine).get_table_names())
    assert left <= {"alembic_version"}


def test_each_step_goes_down_and_up_with_rows_in_the_tables(
    program: Program, databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    """What the tables of both sides share keeps its rows; before the first step there is nothing.

    A copy goes up again from each step, so that the way down is gone once.
    """
    _fill(program)

    for revision in _revisions_below():
        schema.downgrade(program.engine, revision)
        kept = _counts(program.engine)
        with databases.copy_of(program, tmp_path / revision, clock) as copy:
            schema.upgrade(copy.engine)

            after = _counts(copy.engine)
            assert {name: after[name] for name in kept} == kept
            assert schema.differences(copy.engine) == []
    assert {name for name, count in after.items() if count} == {"warned_value"}  # well known


def test_where_a_report_is_stands_in_its_older_column_again_on_the_way_down(
    program: Program,
) -> None:
    handler = a_person(program, "Tomas", Role.HANDLER)
    there, elsewhere = a_report(program), a_report(program)
    with program.work(handler) as work:
        incident = service.accept_report(work, accepting(there))
        link_report(work, LinkReport(elsewhere.reference, incident.reference))

    schema.downgrade(program.engine, "0012")

    with program.engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT incident_id FROM report ORDER BY id"))
        assert kept.scalars().all() == [incident.id, None]
    schema.upgrade(program.engine)
    with program.work(handler, write=False) as work:
        assert [one.id for one in incidents_on(work, there.id)] == [incident.id]


def test_a_step_that_would_break_a_key_is_undone(databases: Databases, tmp_path: Path) -> None:
    """SQLite follows no keys while tables are made anew."""
    engine = make_engine(databases.empty_url("sqlite", tmp_path))
    schema.upgrade(engine, "0003")
    with closing(sqlite3.connect(str(engine.url.database))) as connection:  # follows none either
        connection.execute("INSERT INTO object_content (version_id, body) VALUES (7, 'x')")
        connection.commit()

    with pytest.raises(RuntimeError, match="object_content points at no row of object_version"):
        schema.upgrade(engine)

    assert schema.current_revision(engine) == "0003"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        keys = sa.inspect(connection).get_foreign_keys("stix_object")
    assert [key["referred_table"] for key in keys] == ["peer"]
    engine.dispose()


def test_migrating_what_is_new_already_changes_nothing(program: Program) -> None:
    _fill(program)
    before = _counts(program.engine)

    assert schema.migrate(program) == (schema.newest_revision(), schema.newest_revision())

    assert _counts(program.engine) == before
    assert not (program.settings.data_dir / "backups").exists()
    with program.work(CONSOLE, write=False) as work:
        assert audit.verify(work.session).broken is None


def test_the_filling_reaches_the_tables_that_matter(program: Program) -> None:
    _fill(program)

    empty = {name for name, count in _counts(program.engine).items() if count == 0}
    matter = {"account", "person", "peer", "agreement", "report", "incident", "collection"}
    matter |= {"audit_entry", "audit_head", "object_facts"}
    assert matter <= set(_counts(program.engine))
    assert not empty & matter


def _revisions_below() -> list[str]:
    """Below each step, the newest first; the last is no schema at all."""
    scripts = ScriptDirectory(str(schema.migrations_dir()))
    return [str(script.down_revision or "base") for script in scripts.walk_revisions()]


def _counts(engine: sa.Engine) -> dict[str, int]:
    present = set(sa.inspect(engine).get_table_names())
    with engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name in present
        }


def _fill(program: Program) -> None:
    """A day of a CIRT: a report becomes an incident with notes and observables; a peer reads and sends."""
    handler = a_person(program, "Tomas", Role.HANDLER, Role.TRIAGE)
    report = a_report(program, "Mail from hxxps://pay[.]example and 198.51.100.7.")
    with program.work(handler) as work:
        service.accept_report(work, accepting(report))
    incident: Incident = an_incident(program, handler)
    with_observables(program, handler, incident, "198.51.100.9 and evil.example")
    with program.work(handler) as work:
        service.write_note(work, WriteNote(incident.reference, "Called them."))
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        collection = a_collection(work, reader)
        published(work, collection, our_indicator(work))
        sender = a_peer(work, "cert-c")
        first, second = indicator(1), indicator(2)
        put(work, first, second, relationship(first.stix_id, second.stix_id), origin=sender)
        set_credentials(work, "cert-b")
    with program.work(CONSOLE, write=False) as work:
        peer = find_peer(work.session, "cert-b")
    assert read_page(program, peer).rows
