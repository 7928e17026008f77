"""Asking for and inserting many rows at once, alike on both databases."""

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.db import insert_rows
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.models import KnownMarking
from cirt.parties.models import Person


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


def test_inserted_rows_pass_over_those_that_are_there(program: Program) -> None:
    with program.work(CONSOLE) as work:
        connection = work.session.connection()
        insert_rows(connection, KnownMarking, [{"stix_id": "a", "tlp": Tlp.AMBER_STRICT}])
        answer = insert_rows(
            connection,
            KnownMarking,
            [{"stix_id": "a", "tlp": None}, {"stix_id": "b", "tlp": Tlp.CLEAR}],
            unless=["stix_id"],
            returning=[KnownMarking.stix_id],
        )
        kept = dict(work.session.execute(sa.select(KnownMarking.stix_id, KnownMarking.tlp)).all())

    assert [row.stix_id for row in answer] == ["b"]
    assert (kept["a"], kept["b"]) == (Tlp.AMBER_STRICT, Tlp.CLEAR)


def test_inserting_nothing_asks_nothing_of_the_database(program: Program) -> None:
    with program.work(CONSOLE) as work:
        assert insert_rows(work.session.connection(), KnownMarking, []) == []
