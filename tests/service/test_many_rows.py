"""Asking for and inserting many rows at once, alike on both databases."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.among import among, gathered
from cirt.kernel.db import Base, make_engine
from cirt.kernel.inserting import insert_columns, insert_rows, new_ids
from cirt.kernel.prepared import Columns
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.models import KnownMarking
from cirt.parties.models import Person
from cirt.release.offers import open_rows


def test_among_finds_what_is_given_and_nothing_else(program: Program) -> None:
    odd = ["plain", "it's", 'a "quote"', "back\\slash", "{1,2}", "é", ""]
    with program.work(CONSOLE) as work:
        connection = work.session.connection()
        rows = [{"stix_id": name, "tlp": None} for name in odd]
        insert_rows(connection, KnownMarking, rows)

        def found(*names: str) -> list[str]:
            query = sa.select(KnownMarking.stix_id)
            return sorted(work.session.scalars(query.where(among(KnownMarking.stix_id, names))))

        assert found(*odd) == sorted(odd)
        assert found() == []
        assert found("1", "it''s") == []


def test_among_takes_more_numbers_than_a_statement_has_parameters(program: Program) -> None:
    with program.work(CONSOLE) as work:
        person = Person(name="Amina")
        work.session.add(person)
        work.session.flush()

        query = sa.select(Person.id).where(among(Person.id, range(100_000)))

        assert work.session.scalars(query).all() == [person.id]


def test_among_looks_up_and_does_not_read_the_whole_table(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'plan.sqlite3'}")
    query = sa.select(Person.name).where(among(Person.id, [1, 2]))
    with engine.connect() as connection:
        Base.metadata.create_all(connection, tables=[Base.metadata.tables["person"]])
        asked = query.compile(connection, compile_kwargs={"render_postcompile": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("[1, 2]",)).all()
    engine.dispose()

    assert "SEARCH person USING INTEGER PRIMARY KEY" in plan[0][3]


def test_numbers_come_column_by_column_in_the_order_asked_for(program: Program) -> None:
    boris = Person.name == sa.bindparam("name")
    query = sa.select(Person.id, boris, sa.null()).order_by(Person.id.desc())
    columns = Columns(query.where(Person.id > sa.bindparam("above")))
    with program.work(CONSOLE) as work:
        work.session.add_all(Person(name=name) for name in ("Amina", "Boris", "Chen"))
        work.session.flush()
        ids, truths, nulls = columns.read(work.connection, {"name": "Boris", "above": 0})
        one = work.session.scalar(sa.select(gathered(Person.id)))
        none = columns.read(work.connection, {"name": "Boris", "above": 1_000_000})

    assert [list(map(bool, truths)), nulls] == [[False, True, False], [None] * 3]
    assert ids == sorted(one or [], reverse=True)
    assert none == [[], [], []]


def test_inserted_rows_pass_over_those_that_are_there(program: Program) -> None:
    with program.work(CONSOLE) as work:
        connection = work.session.connection()
        insert_rows(connection, KnownMarking, [{"stix_id": "a", "tlp": Tlp.AMBER_STRICT}])
        insert_rows(
            connection,
            KnownMarking,
            [{"stix_id": "a", "tlp": None}, {"stix_id": "b", "tlp": Tlp.CLEAR}],
            unless=["stix_id"],
        )
        kept = dict(work.session.execute(sa.select(KnownMarking.stix_id, KnownMarking.tlp)).all())

    assert (kept["a"], kept["b"]) == (Tlp.AMBER_STRICT, Tlp.CLEAR)


def test_inserting_nothing_asks_nothing_of_the_database(program: Program) -> None:
    asked: list[str] = []
    with program.work(CONSOLE) as work:
        connection = work.session.connection()
        sa.event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        insert_rows(connection, KnownMarking, [])
        insert_columns(connection, KnownMarking, {"stix_id": []}, same={"tlp": None})

    assert asked == []


def test_numbers_taken_ahead_rise_and_are_nobody_elses(program: Program) -> None:
    with program.work(CONSOLE) as work:
        work.session.add(Person(name="Amina"))
        work.session.flush()
        connection = work.session.connection()
        ids = new_ids(connection, Person, 3)
        insert_rows(connection, Person, [{"id": each, "name": "Boris"} for each in ids])
        more = new_ids(connection, Person, 2)
        given = set(work.session.scalars(sa.select(Person.id)))

        assert new_ids(connection, Person, 0) == []
    assert len(ids) == 3
    assert ids == sorted(ids)
    assert len(given) == 4
    assert given.isdisjoint(more)


def test_rows_of_equal_values_are_all_inserted(program: Program) -> None:
    with program.work(CONSOLE) as work:
        connection = work.session.connection()
        before = work.session.scalar(sa.select(sa.func.count()).select_from(Person)) or 0
        insert_rows(connection, Person, [{"name": "Chen"}] * 5)
        after = work.session.scalar(sa.select(sa.func.count()).select_from(Person))

    assert after == before + 5


def test_what_a_feed_offers_of_some_objects_is_not_sought_in_all_of_it(program: Program) -> None:
    if program.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL decides by what is in the table")
    asked: list[str] = []
    with program.work(CONSOLE, write=False) as work:
        driver: Any = work.connection.connection.dbapi_connection
        driver.set_trace_callback(asked.append)
        assert open_rows(work.session, 1, [1, 2]) == []
        driver.set_trace_callback(None)
        plan = driver.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()

    assert any("feed_row USING INDEX ix_feed_row_object (object_id=?" in row[3] for row in plan)
