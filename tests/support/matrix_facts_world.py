"""An installation in which all of these objects and agreements stand.

What can be said after an object stands in a collection and was fetched (permissions, personal data, the do-not-share list,
disputes, newer versions, the end of an agreement) is said then, which is the harder case; of the pairs most are said before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.loops.disputes import Solution, Solve, solve
from cirt.exchange.models import Quarantined
from cirt.exchange.receipts import receive
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, Work
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.stating import state_sector
from cirt.objects.withholding import WithheldValue
from cirt.parties.models import Peer
from cirt.parties.peers import PeerFacts, add_peer, ourselves, suspend_peer
from cirt.release.collections import find_collection
from cirt.release.commands import SayPersonal
from cirt.release.models import CollectionKind
from cirt.release.permitting import end_permission, record_permission
from cirt.release.personal import say_personal
from cirt.release.publishing import publish
from cirt.release.settling import offer_missing, settle_objects
from cirt.release.withholding import let_go, withhold
from cirt.sharing.models import Agreement, AgreementState, Direction, Level, NamedPerson
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.models import Audience
from cirt.sharing.withheld.commands import LetGo, Withhold
from tests.support.covering import Row, covering, one_by_one, opened
from tests.support.matrix import (
    SIGNED_IN,
    Doors,
    quick_credentials,
    taxii,
    the_team,
)
from tests.support.matrix_facts import (
    BRINGERS,
    CAME,
    CHOSEN,
    OBJECT,
    RED_MAKER,
    STATES,
    TERMS,
    Made,
    Reader,
    object_rows,
)
from tests.support.matrix_texts import backdrop, end_of, identity_of, policies, text_of
from tests.support.release import a_collection, an_asker, asked
from tests.support.stix import an_object
from tests.support.store import an_agreement, put, taken


@dataclass
class Facts(Doors):
    reference: str = ""  # of a release that was asked for
    readers: list[Reader] = field(default_factory=list)
    objects: list[Made] = field(default_factory=list)

    @property
    def clock(self) -> FakeClock:
        assert isinstance(self.program.clock, FakeClock)
        return self.program.clock


def a_world_of_facts(program: Program, kind: CollectionKind, *, thin: bool = False) -> Facts:
    """``thin``: of the peers whose terms differ only each fourth."""
    world = Facts(program, kind)
    people = the_team(program)
    _add_readers(world, each=4 if thin else 1)
    _bring(world)
    _say(world, [made for made in world.objects if not made.is_late])
    _stand(world)
    world.open(())
    for reader in world.readers:
        taxii(world, reader.slug, "collections/wide/objects/")
    naming = [made.one.stix_id for made in world.objects if set(made.named) & {"red", "maker"}]
    stix_ids = [world.objects[0].one.stix_id, *naming]
    world.reference = asked(program, an_asker(program, stix_ids), *stix_ids, alias="wide")
    world.clock.forward(minutes=1)
    _say(world, [made for made in world.objects if made.is_late])
    _change(world)
    _name(world, people["named"])
    world.clock.forward(hours=2)
    world.open(SIGNED_IN)
    return world


def _add_readers(world: Facts, each: int) -> None:
    base = opened(TERMS)
    rows = [*one_by_one(TERMS, lambda _: True), *covering(TERMS, lambda _: True)]
    chosen = list(enumerate(rows))[::each]
    world.readers = [Reader(f"terms-{number}", row) for number, row in chosen]
    world.readers += [Reader(state, base, state) for state in STATES]
    world.readers += [Reader(CHOSEN, base), Reader("outside", base, is_member=False)]
    for slug in dict.fromkeys(BRINGERS.values()):
        terms = base | {"default": "none", "transit": "no" if slug == "kept" else "yes"}
        state = "suspended" if slug == "lapsed" else "in-force"
        world.readers.append(Reader(slug, terms, state))
    with world.program.work(CONSOLE) as work:
        peers = [_add_peer(work, world, number, each) for number, each in enumerate(world.readers)]
        inside = [p for p, each in zip(peers, world.readers, strict=True) if each.is_member]
        a_collection(work, *inside, alias="wide", kind=world.kind)


def _add_peer(work: Work, world: Facts, number: int, reader: Reader) -> Peer:
    facts = PeerFacts(reader.slug, "XP", identity=identity_of(reader.slug))
    peer = add_peer(work, world.program.keys, reader.slug, facts)
    quick_credentials(work, peer)
    if reader.state == "none":
        return peer
    given = as_columns(opened(TERMS) if _is_narrowed_later(number, reader) else reader.terms)
    if reader.state == "draft":
        given["state"] = AgreementState.DRAFT
    elif reader.state == "not-yet":
        given["valid_from"] = work.now + timedelta(days=1)
    elif reader.state == "expired":
        given["valid_until"] = work.now + timedelta(hours=2, minutes=1)
    an_agreement(work, peer, **given)
    return peer


def _is_narrowed_later(number: int, reader: Reader) -> bool:
    return reader.slug.startswith("terms-") and number % 2 == 1


def as_columns(terms: Row) -> dict[str, Any]:
    def named(name: str) -> list[str]:
        return [] if terms[name] == "all" else [terms[name]]

    return {
        "level": Level(terms["level"]),
        "ceiling": Tlp(terms["ceiling"]),
        "ceiling_in": Tlp(terms["ceiling_in"]),
        "direction": Direction(terms["direction"]),
        "types": named("types"),
        "sectors": named("sectors"),
        "personal_data": terms["personal_data"] == "yes",
        "transit": terms["transit"] == "yes",
        "default_tlp": None if terms["default"] == "none" else Tlp(terms["default"]),
        "record": {} if terms["purposes"] == "none" else {"purposes": [terms["purposes"]]},
    }


def _bring(world: Facts) -> None:
    """Everything comes to be here, by the door of whoever brings it."""
    single, pairs = object_rows()
    with world.program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        put(work, *policies(), *backdrop())
    for place, row in enumerate([*single, *pairs]):
        creator = us if row["by"] == "us" else identity_of(BRINGERS[row["by"]])
        creator = identity_of(CHOSEN) if row["by"] == "signed" else creator
        creator = RED_MAKER if row["maker"] == "red" else creator
        one = taken(text_of(place, row, creator))
        world.objects.append(Made(place, row, one, is_late=_is_late(place, row, len(single))))
    with world.program.work(CONSOLE) as work:
        put(work, *(made.one for made in world.objects if made.facts["by"] == "us"))
    for slug in dict.fromkeys(BRINGERS.values()):
        theirs = [m.one.raw for m in world.objects if BRINGERS.get(m.facts["by"]) == slug]
        if slug == "onward":
            theirs.insert(0, an_object("identity", id=identity_of(slug), name="Onward"))
        if slug == "kept":
            theirs.insert(0, end_of("foreign", Tlp.GREEN))
        _send(world, slug, theirs)
    _send(world, CHOSEN, [m.one.raw for m in world.objects if m.facts["by"] == "too"])


def _is_late(place: int, row: Row, singles: int) -> bool:
    """Each goes through every feed, so that of the pairs most are said before."""
    if place < singles:
        return place % 2 == 0 or row["permission"] == "none"
    return place % 8 == 0


def _send(world: Facts, slug: str, pieces: list[bytes]) -> None:
    """Posted into the collection if it is a shared one, else read from the peer."""
    with world.program.work(CONSOLE) as work:
        peer = _peer(work, slug)
        if world.kind is CollectionKind.SHARED:
            receipt = receive(work, peer, find_collection(work.session, "wide"), pieces)
            assert receipt.failures == []
        else:
            assert {each.code for each in take(work, pieces, peer=peer)} == {None}


def _peer(work: Work, slug: str) -> Peer:
    return work.session.scalars(sa.select(Peer).where(Peer.slug == slug)).one()


def _stand(world: Facts) -> None:
    """Ours, and what we pass on, stands in the collection: who puts it there has the approvals."""
    with world.program.work(CONSOLE) as work:
        collection = find_collection(work.session, "wide")
        ids = version_ids(work, world.objects)
        for sector in OBJECT["sector"][1:]:
            of_it = [ids[m.one.stix_id] for m in world.objects if m.facts["sector"] == sector]
            state_sector(work, of_it, sector)
        settle_objects(work, _object_ids(work, world.objects))  # as a release that states it
        again = [m for m in world.objects if m.facts["by"] == "vouched"]
        take(work, [m.one.raw for m in again], peer=None, collection=collection)
        ours = [m for m in world.objects if m.facts["by"] == "us"]
        theirs = [m for m in world.objects if m.facts["by"] in BRINGERS and m not in again]
        going = ours if world.kind is CollectionKind.SHARED else [*ours, *theirs]
        publish(work, collection, [ids[m.one.stix_id] for m in going])


def version_ids(work: Work, objects: Iterable[Made]) -> dict[str, int]:
    wanted = [made.one.stix_id for made in objects]
    query = (
        sa.select(ObjectRow.stix_id, ObjectVersion.id)
        .join(ObjectVersion, ObjectVersion.object_id == ObjectRow.id)
        .where(ObjectRow.stix_id.in_(wanted), ObjectVersion.version_text == CAME)
    )
    return {row.stix_id: row.id for row in work.session.execute(query)}


def _object_ids(work: Work, objects: Iterable[Made]) -> set[int]:
    wanted = [made.one.stix_id for made in objects if made.facts["sector"] != "none"]
    return set(work.session.scalars(sa.select(ObjectRow.id).where(ObjectRow.stix_id.in_(wanted))))


def _say(world: Facts, objects: list[Made]) -> None:
    """What people, and other peers, say of objects."""

    def those(name: str, *values: str) -> list[Made]:
        return [made for made in objects if made.facts[name] in values]

    with world.program.work(CONSOLE) as work:
        for made in those("permission", *OBJECT["permission"][1:]):
            _permit(work, made)
        for made in those("personal", "yes", "cleared"):
            say_personal(work, SayPersonal(made.one.stix_id, True, "zq"))
        for made in those("personal", "cleared"):
            say_personal(work, SayPersonal(made.one.stix_id, False, "zq"))
        _withhold(work, objects)
        put(work, *(_newer(made) for made in those("later", "red", "clear")))
    _dispute(world, those("disputed", "yes", "solved"))
    with world.program.work(CONSOLE) as work:
        for made in those("disputed", "solved"):
            query = sa.select(Quarantined.id).where(
                Quarantined.stix_id == made.one.stix_id, Quarantined.settled_at.is_(None)
            )
            for arrival in work.session.scalars(query):
                solve(work, Solve(arrival, Solution.FIRST))


def _permit(work: Work, made: Made) -> None:
    how = made.facts["permission"]
    is_for_one = how == "for-one"
    cmd = RecordPermission(
        scope=Scope.OBJECT,
        given_by="On the telephone",
        audience=Audience.PEER if is_for_one else Audience.PEERS,
        up_to=Tlp.CLEAR if how == "too-low" else Tlp.AMBER_STRICT,
        stix_id=made.one.stix_id,
        reader=CHOSEN if is_for_one else "",
        evidence="Said so on Monday.",
        given_on=work.now + timedelta(days=2) if how == "not-begun" else None,
        until=work.now + timedelta(hours=1) if how == "run-out" else None,
    )
    permission = record_permission(work, cmd)
    if how == "ended":
        end_permission(work, EndPermission(permission.reference, "Taken back"))


def _withhold(work: Work, objects: list[Made]) -> None:
    values = {how: [] for how in OBJECT["listed"][1:]}  # type: dict[str, list[str]]
    for made in objects:
        if made.facts["listed"] == "above":
            values["above"].append(f"a{made.number}.example")
        elif made.facts["listed"] != "no":
            values[made.facts["listed"]].append(f"{made.word('pattern')}.a{made.number}.example")
    for how, some in values.items():
        if some:
            withhold(work, Withhold("\n".join(some), "zq", below=how == "above"))
    mine = sa.select(WithheldValue.id).where(WithheldValue.value.in_(values["taken-off"]))
    if ids := work.session.scalars(mine).all():
        let_go(work, LetGo(tuple(ids), "zq"))


def _newer(made: Made) -> StixObject:
    """A draft that stays here."""
    creator = str(made.one.content()["created_by_ref"])
    row = made.facts | {"tlp": made.facts["later"]}
    return taken(text_of(made.number, row, creator, modified="2025-06-01T10:00:00.000Z"))


def _dispute(world: Facts, objects: list[Made]) -> None:
    """Another peer sends the same versions with another text."""
    other: dict[str, list[bytes]] = {"permits": [], "kept": []}
    for made in objects:
        said = made.one.content() | {"labels": ["other"]}
        by = BRINGERS.get(made.facts["by"])
        other["kept" if by == "permits" else "permits"].append(an_object(said.pop("type"), **said))
    with world.program.work(CONSOLE) as work:
        for slug, pieces in other.items():
            arrivals = take(work, pieces, peer=_peer(work, slug))
            assert {each.code for each in arrivals} <= {"conflict"}


def _change(world: Facts) -> None:
    """Agreements, when all stands and was fetched."""
    with world.program.work(CONSOLE) as work:
        everything = RecordPermission(
            scope=Scope.PEER,
            given_by="In writing",
            audience=Audience.PEERS,
            up_to=Tlp.AMBER,
            origin="permits",
            evidence="Said so on Monday.",
        )
        record_permission(work, everything)
        for number, reader in enumerate(world.readers):
            peer = _peer(work, reader.slug)
            if reader.state == "peer-suspended":
                suspend_peer(work, reader.slug)
            elif reader.state in ("suspended", "ended"):
                row = work.session.query(Agreement).filter_by(peer_id=peer.id).one()
                row.state, row.version = AgreementState(reader.state), row.version + 1
            elif _is_narrowed_later(number, reader):
                row = work.session.query(Agreement).filter_by(peer_id=peer.id).one()
                for name, value in as_columns(reader.terms).items():
                    setattr(row, name, value)
                row.version += 1
            else:
                continue
            work.session.flush()
            offer_missing(work, peer.id)


def _name(world: Facts, named: Actor) -> None:
    """On every RED object."""
    with world.program.work(CONSOLE) as work:
        work.session.add_all(
            NamedPerson(subject=made.one.stix_id, person_id=named.person_id or 0)
            for made in world.objects
            if made.is_red
        )
