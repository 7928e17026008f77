"""RED for persons whom agreements name: objects and persons that differ in one fact each, and what a mail to each may hold."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.gpg import PublicKey
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.models import StixObject
from cirt.objects.stating import state_facts
from cirt.objects.withholding import WithheldValue
from cirt.parties.peers import ourselves, suspend_peer
from cirt.release.withholding import let_go, withhold
from cirt.sharing.agreements.persons import (
    NamePerson,
    name_person_in,
    named_readers,
    take_person_off,
)
from cirt.sharing.gate import release
from cirt.sharing.models import Agreement, AgreementState
from cirt.sharing.withheld.commands import LetGo, Withhold
from tests.support.covering import Row, covering, opened
from tests.support.matrix_facts import OBJECT, TERMS, Made
from tests.support.matrix_facts_world import as_columns
from tests.support.matrix_texts import policies, text_of
from tests.support.store import a_peer, an_agreement, put, taken

THINGS = {
    "iep": OBJECT["iep"][:-1],
    "listed": ("no", "value", "taken-off"),
    "personal": ("no", "yes"),
    "pap": ("none", "red"),
}
PERSONS = {
    "level": ("mou+nda", "mou", "tlp-ack"),
    "person": ("named", "removed", "no-key", "key-old"),
    "agreement": ("in-force", "suspended", "ended", "expired", "peer-suspended"),
    "direction": TERMS["direction"],
    "types": ("all", "indicator", "malware"),
    "sectors": ("all", "energy"),
    "personal_data": ("yes", "no"),
    "ceiling": ("amber+strict", "clear"),  # which is never RED
}


def every_one(factors: dict[str, tuple[str, ...]]) -> list[Row]:
    base = opened(factors)
    single = [base | {name: value} for name, values in factors.items() for value in values]
    return [*single, *covering(factors, lambda _: True)]


class Mails:
    """All is put here and named while it is good, and changes afterwards."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.things: list[Made] = []
        self.persons: list[tuple[int, Row]] = []
        with program.work(CONSOLE) as work:
            self.ids = self._put(work)
            for number, row in enumerate(every_one(PERSONS)):
                self.persons.append((_name(work, number, row), row))
        with program.work(CONSOLE) as work:
            _say(work, self.things)
            for person_id, row in self.persons:
                _change(work, person_id, row)
        assert isinstance(program.clock, FakeClock)
        program.clock.forward(hours=2)

    def _put(self, work: Work) -> dict[int, Made]:
        us = ourselves(work.session).identity_id
        put(work, *policies())
        for number, row in enumerate(every_one(THINGS)):
            facts = opened(OBJECT) | row | {"tlp": "red"}
            one = taken(text_of(number, facts, us))
            self.things.append(Made(number, facts, one, is_late=True))
        stored = put(work, *(each.one for each in self.things))
        return {kept.version_id: each for kept, each in zip(stored, self.things, strict=True)}

    def told(self) -> Iterator[tuple[Row, set[int], str]]:
        """For each person: as they are in the end, the numbers of what a mail may hold, and its text."""
        with self.program.work(CONSOLE, write=False) as work:
            everybody = [person_id for person_id, _ in self.persons]
            readers = named_readers(work.session, everybody, work.now)
            for person_id, row in self.persons:
                found = release(work, readers[person_id], None, list(self.ids))
                text = b"\n".join(each.body for each in found).decode()
                yield row, {self.ids[each.version_id].number for each in found}, text


def _name(work: Work, number: int, row: Row) -> int:
    peer = a_peer(work, f"peer-{number}")
    terms = opened(TERMS) | {name: value for name, value in row.items() if name in TERMS}
    until = work.now + timedelta(hours=2) if row["agreement"] == "expired" else None
    agreement = an_agreement(work, peer, valid_until=until, **as_columns(terms))
    key_until = work.now + timedelta(hours=1) if row["person"] == "key-old" else None
    key = None if row["person"] == "no-key" else PublicKey("A" * 40, "-----BEGIN", key_until)
    cmd = NamePerson(agreement.reference, "Mei Lan", f"mei@peer-{number}.example", key)
    return name_person_in(work, cmd).id


def _say(work: Work, things: list[Made]) -> None:
    def hosts(*how: str) -> list[str]:
        chosen = [each for each in things if each.facts["listed"] in how]
        return [f"{each.word('pattern')}.a{each.number}.example" for each in chosen]

    withhold(work, Withhold("\n".join(hosts("value", "taken-off")), "zq"))
    off = sa.select(WithheldValue.id).where(WithheldValue.value.in_(hosts("taken-off")))
    let_go(work, LetGo(tuple(work.session.scalars(off)), "zq"))
    personal = [each.one.stix_id for each in things if each.facts["personal"] == "yes"]
    state_facts(work, _object_ids(work, personal), personal=True)


def _object_ids(work: Work, stix_ids: list[str]) -> list[int]:
    query = sa.select(StixObject.id).where(StixObject.stix_id.in_(stix_ids))
    return list(work.session.scalars(query))


def _change(work: Work, person_id: int, row: Row) -> None:
    reader = named_readers(work.session, [person_id], work.now)[person_id]
    if row["person"] == "removed":
        take_person_off(work, reader.named_in, person_id)
    if row["agreement"] in ("suspended", "ended"):
        held = work.session.query(Agreement).filter_by(reference=reader.named_in).one()
        held.state = AgreementState(row["agreement"])
    elif row["agreement"] == "peer-suspended":
        suspend_peer(work, reader.peer.slug)


def cell(row: Row, made: Made) -> dict[str, Any]:
    listed = "no" if made.facts["listed"] == "taken-off" else made.facts["listed"]
    names = ("iep", "personal", "pap")
    return {
        **row,
        **{name: made.facts[name] for name in names},
        "listed": listed,
        "tlp": "red",
        "recipient": "person",
        "state": "released",
    }
