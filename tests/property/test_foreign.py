"""What is another's stays as it came: no act of ours makes a version of it, and what goes on has the bytes that came.

Rules 3, 7 and 8 of the sharing digest, section 6.
"""

import ast
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import cirt
from cirt.exchange.arrivals import take
from cirt.exchange.loops.alarms import lift_alarm, standing_alarms
from cirt.exchange.loops.disputes import Solution, Solve, solve
from cirt.exchange.models import Quarantined
from cirt.exchange.remarks.commands import JudgeObject, NoteObject, Opinion
from cirt.exchange.remarks.relating import RelateObjects, Relation, relate_objects
from cirt.exchange.remarks.service import judge_object, note_object
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.kernel.clock import FakeClock, to_us
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer, ourselves
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bin.commands import DeleteIncident, Restore
from cirt.register.bin.models import BinAct
from cirt.register.bin.service import delete_incident, restore
from cirt.register.commands import AddObservables, Promote
from cirt.register.models import Incident
from cirt.release.asking import ask_release
from cirt.release.collections import find_collection
from cirt.release.commands import AskRelease, DecideRelease, Revoke
from cirt.release.deciding import decide_release
from cirt.release.models import CollectionKind, Proposal, ProposalState, Ruling
from cirt.release.parts.commands import PreparePart, Seed
from cirt.release.parts.service import draft_part, make_part
from cirt.release.queries import proposal_view
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.gate import release
from cirt.sharing.queries import peer_reader
from tests.conftest import NOON
from tests.support.databases import BACKENDS, Databases
from tests.support.register import a_person, an_incident, observables_of
from tests.support.release import a_collection, a_reader
from tests.support.store import indicator, taken

# Every module that makes bytes of objects or stores any. Whoever adds one adds its acts below.
MAKERS = {
    "register.indicators": "promote",
    "release.recalling.revoking": "recall",
    "release.parts.rules": "part",
    "release.parts.service": "part",
    "release.founding": "none: before anything comes",
    "exchange.arriving.taking": "take",
    "exchange.sightings": "sighting",
    "exchange.remarks.service": "note",
    "exchange.remarks.relating": "relate",
}


@dataclass
class House:
    program: Program
    handler: Actor
    lead: Actor
    numbers: Iterator[int]
    incident: Incident
    fed: set[tuple[str, bytes]] = field(default_factory=set)  # what others made
    theirs: StixObject = field(default_factory=lambda: indicator(1))

    @property
    def stix_id(self) -> str:
        return self.theirs.stix_id

    def feed(self, one: StixObject, slug: str | None = "cert-b", alias: str | None = None) -> None:
        """Bytes that somebody else made, by a peer or from a file."""
        self.fed.add((one.stix_id, one.sha256))
        with self.program.work(CONSOLE) as work:
            peer = find_peer(work.session, slug) if slug else None
            collection = find_collection(work.session, alias) if alias else None
            take(work, [one.raw], peer=peer, collection=collection)

    def later(self, minutes: int, **changes: object) -> StixObject:
        at = f"2026-11-18T10:{minutes:02}:00.000Z"
        return taken(json.dumps({**self.theirs.content(), "modified": at, **changes}).encode())


@pytest.fixture(scope="module", params=BACKENDS)
def house(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    place = tmp_path_factory.mktemp("foreign")
    with databases.program(request.param, place, FakeClock(NOON)) as program:
        handler = a_person(program, "Tomas", Role.HANDLER)
        lead = a_person(program, "Irena", Role.LEAD)
        with program.work(CONSOLE) as work:
            readers = [a_reader(work, f"cert-{letter}", transit=True) for letter in "bcd"]
            a_collection(work, *readers)
            a_collection(work, *readers, alias="room", kind=CollectionKind.SHARED)
        made = an_incident(program, handler)
        yield House(program, handler, lead, itertools.count(1000), made)


def _newer(house: House) -> None:
    house.feed(house.later(1))


def _newer_by_another(house: House) -> None:
    house.feed(house.later(2), "cert-c")


def _other_bytes(house: House) -> None:
    house.feed(taken(json.dumps({**house.theirs.content(), "description": "x"}).encode()), "cert-c")


def _relayed(house: House) -> None:
    house.feed(house.theirs, "cert-c", "room")


def _many(house: House) -> None:
    for minute in range(10, 34):
        house.feed(house.later(minute))


def _revoked(house: House) -> None:
    house.feed(house.later(50, revoked=True))


def _import_held(house: House) -> None:
    house.feed(house.theirs, None, "indicators")


def _import_newer(house: House) -> None:
    house.feed(house.later(40), None, "indicators")


def _note(house: House) -> None:
    with house.program.work(house.handler) as work:
        note_object(work, NoteObject(house.stix_id, "Ours to say", Tlp.GREEN))


def _opinion(house: House) -> None:
    with house.program.work(house.handler) as work:
        judge_object(work, JudgeObject(house.stix_id, Opinion.AGREE, "Seen it", Tlp.GREEN))


def _sighting(house: House) -> None:
    with house.program.work(house.handler) as work:
        report_sighting(work, ReportSighting(house.stix_id, work.now, work.now, 2, where="Here"))


def _relate(house: House) -> None:
    with house.program.work(house.handler) as work:
        us = ourselves(work.session).identity_id
        relate_objects(work, RelateObjects(house.stix_id, Relation.RELATED, us, Tlp.GREEN))


def _recall(house: House) -> None:
    with house.program.work(house.handler) as work:
        revoke_indicator(work, Revoke(house.stix_id, "We think so"))


def _promote(house: House) -> None:
    """The same observable, found by us: an indicator of our own, which is recalled."""
    stix_id = _promoted(house)
    with house.program.work(house.handler) as work:
        revoke_indicator(work, Revoke(stix_id, "A mistake of ours"))


def _part(house: House) -> None:
    """The same, and a part of it with a lower marking."""
    stix_id, reference = _promoted(house), house.incident.reference
    cmd = PreparePart(Tlp.GREEN, "A warning", (stix_id,), incident=reference)
    with house.program.work(house.handler) as work:
        seed = Seed(stix_id, to_us(work.now))
        make_part(work, cmd, seed, draft_part(work, cmd, seed).digest)


def _promoted(house: House) -> str:
    with house.program.work(house.handler) as work:
        text = AddObservables(house.incident.reference, _address(house), confirm=True)
        service.add_observables(work, text)
        ids = [
            row.id for row in observables_of(work, house.incident) if row.value == _address(house)
        ]
        cmd = Promote(house.incident.reference, tuple(ids), Tlp.AMBER, valid_days=30)
        [made] = service.promote(work, cmd)
        return made.stix_id


def _address(house: House) -> str:
    return str(house.theirs.observables[0].value)


def _delete_and_restore(house: House) -> None:
    with house.program.work(house.lead) as work:
        incident = work.session.get_one(Incident, house.incident.id)
        delete_incident(work, DeleteIncident(incident.reference, incident.version))
        act = work.session.scalars(sa.select(sa.func.max(BinAct.id))).one()
    with house.program.work(house.lead) as work:
        restore(work, Restore(act))


def _release(house: House) -> None:
    """Two people let it go on, with a sector stated."""
    with house.program.work(house.handler) as work:
        asked = AskRelease("Theirs", "Warning", ("indicators",), (house.stix_id,), sector="energy")
        reference = ask_release(work, asked).reference
    with house.program.work(house.lead) as work:
        digest = proposal_view(work, reference).digest
        decide_release(work, DecideRelease(reference, Ruling.APPROVED, "", digest))


def _solve(house: House) -> None:
    with house.program.work(house.lead) as work:
        rows = sa.select(Quarantined.id).where(Quarantined.settled_at.is_(None))
        for number in work.session.scalars(rows.where(Quarantined.code == "conflict")).all():
            solve(work, Solve(number, Solution.FIRST))


def _lift(house: House) -> None:
    with house.program.work(house.lead) as work:
        for alarm in standing_alarms(work.session):
            lift_alarm(work, alarm.id)


ACTS: dict[str, Callable[[House], None]] = {
    "newer": _newer,
    "newer by another": _newer_by_another,
    "other bytes": _other_bytes,
    "relayed": _relayed,
    "many": _many,
    "revoked": _revoked,
    "import of one held": _import_held,
    "import of a newer one": _import_newer,
    "note": _note,
    "opinion": _opinion,
    "sighting": _sighting,
    "relate": _relate,
    "recall": _recall,
    "promote": _promote,
    "part": _part,
    "delete and restore": _delete_and_restore,
    "release": _release,
    "solve": _solve,
    "lift": _lift,
}


@settings(max_examples=12)
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), min_size=3, max_size=10))
def test_7_no_act_of_ours_makes_a_version_of_what_is_anothers(
    house: House, acts: list[str]
) -> None:
    house.theirs = indicator(next(house.numbers), tlp=Tlp.GREEN)
    house.feed(house.theirs)

    for name in acts:
        with suppress(CirtError):  # many are refused, as they should be
            ACTS[name](house)

    assert made_by_us_of_others(house) == set()
    assert handed_on(house) <= {digest for _, digest in house.fed}


def test_7_each_act_alone_makes_no_version_of_what_is_anothers(house: House) -> None:
    """So that none is only ever refused for what went before it."""
    done = set()
    for name, act in ACTS.items():
        house.theirs = indicator(next(house.numbers), tlp=Tlp.GREEN)
        house.feed(house.theirs)
        with suppress(CirtError):
            act(house)
            done.add(name)

        assert made_by_us_of_others(house) == set(), name
    assert ACTS.keys() - done == {"recall"}  # of what is another's: never
    assert handed_on(house) <= {digest for _, digest in house.fed}
    assert any(state is ProposalState.RELEASED for state in releases(house))


def made_by_us_of_others(house: House) -> set[str]:
    """Objects with a version that is of another, by bringer or by name, and that nobody else made."""
    with house.program.work(CONSOLE, write=False) as work:
        us = ourselves(work.session).identity_id
        query = (
            sa.select(ObjectRow.stix_id, ObjectVersion.sha256)
            .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
            .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
            .where(
                sa.or_(
                    ObjectRow.brought_by_id.is_not(None),
                    ObjectFacts.origin_id.is_not(None),
                    ObjectFacts.creator != us,
                ),
                ObjectRow.type != "marking-definition",
            )
        )
        found = {(row.stix_id, bytes(row.sha256)) for row in work.session.execute(query)}
    return {stix_id for stix_id, _ in found - house.fed}


def handed_on(house: House) -> set[bytes]:
    """Digests of the bytes of others that a third peer may have."""
    with house.program.work(CONSOLE, write=False) as work:
        third = work.session.scalars(sa.select(Peer).where(Peer.slug == "cert-d")).one()
        reader = peer_reader(work.session, third.id, work.now)
        theirs = sa.select(ObjectVersion.id).join(
            ObjectRow, ObjectRow.id == ObjectVersion.object_id
        )
        ids = work.session.scalars(theirs.where(ObjectRow.brought_by_id.is_not(None))).all()
        released = release(work, reader, "published", ids)
        return {taken(each.body).sha256 for each in released}


def releases(house: House) -> list[ProposalState]:
    with house.program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Proposal.state)))


def test_every_module_that_makes_or_stores_objects_has_its_acts_here() -> None:
    root = Path(cirt.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        if name.startswith(("objects.", "boot.")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = {f"{node.module}.{each.name}" for each in node.names}
                wanted = {"cirt.objects.build", "cirt.objects.store", "cirt.objects.store.put_many"}
                found |= {name} if names & wanted else set()

    assert found == MAKERS.keys()
