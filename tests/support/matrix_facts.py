"""Everything else that the gate decides by: objects and agreements that differ in one fact each, and in every pair of facts.

What can be said after an object stands in a collection and was fetched (permissions, personal data, the do-not-share list,
disputes, newer versions, the end of an agreement) is said then, which is the harder case; of the pairs most are said before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zlib import crc32

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
from cirt.objects.markings import IEP_EXTENSION, PAP_IDS, TLP2_REFS
from cirt.objects.models import ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.stating import state_sector
from cirt.objects.withholding import WithheldValue
from cirt.parties.models import Peer
from cirt.parties.peers import PeerFacts, add_peer, ourselves, suspend_peer
from cirt.release.collections import find_collection, offer_missing, publish
from cirt.release.commands import SayPersonal
from cirt.release.models import CollectionKind
from cirt.release.permitting import end_permission, record_permission
from cirt.release.personal import say_personal
from cirt.release.settling import settle_objects
from cirt.release.withholding import let_go, withhold
from cirt.sharing.models import Agreement, AgreementState, Direction, Level, NamedPerson
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.models import Audience
from cirt.sharing.withheld.commands import LetGo, Withhold
from tests.support.covering import Row, covering, one_by_one, opened
from tests.support.matrix import (
    SIGNED_IN,
    Doors,
    Told,
    page_of,
    quick_credentials,
    saved,
    taxii,
    the_team,
)
from tests.support.release import a_collection, asked
from tests.support.stix import an_indicator, an_object
from tests.support.store import an_agreement, marked, numbered, put, taken

# Of each the first is the open value; ``by`` is who brought it, and what became of that (see BRINGERS).
OBJECT = {
    "tlp": ("green", "none", "clear", "amber", "amber+strict", "red"),
    "by": ("us", "onward", "kept", "permits", "lapsed", "vouched", "signed", "too"),
    "iep": ("none", "nothing", "ask", "free", "not-begun", "over", "unnamed", "red"),
    "permission": ("none", "given", "run-out", "ended", "for-one", "too-low", "not-begun"),
    "shape": ("indicator", "relationship", "sighting", "report"),
    "end": ("none", "open", "red", "amber", "foreign"),
    "listed": ("no", "value", "above", "taken-off"),
    "personal": ("no", "yes", "cleared"),
    "disputed": ("no", "yes", "solved"),
    "sector": ("none", "energy", "finance"),
    "pap": ("none", "red", "amber"),
    "later": ("none", "red", "clear"),
    "part": ("none", "clear", "red"),
    "maker": ("open", "red"),
}
TERMS = {
    "level": ("mou", "tlp-ack", "mou+nda"),
    "ceiling": ("amber+strict", "clear", "green", "amber"),
    "ceiling_in": ("amber+strict", "clear"),
    "direction": ("both", "give", "take"),
    "types": ("all", "indicator", "malware"),
    "sectors": ("all", "energy", "health"),
    "personal_data": ("yes", "no"),
    "transit": ("yes", "no"),
    "default": ("amber+strict", "none", "green"),
    "purposes": ("none", "research"),
}
# How the agreement stands in the end, all of its terms being open.
STATES = ("none", "draft", "not-yet", "suspended", "ended", "expired", "peer-suspended")
BRINGERS = {  # whose objects: the peer that brought them
    "onward": "onward",  # its agreement lets them go on
    "kept": "kept",  # its agreement does not
    "permits": "permits",  # the same as onward, and a permission for all up to AMBER is on record
    "lapsed": "lapsed",  # its agreement did, and is suspended since
    "vouched": "onward",  # the console imported them too
    "signed": "onward",  # they name CHOSEN as their author
    "too": "onward",  # CHOSEN has sent them too
}
CHOSEN = "chosen"  # a reader: whom permissions for one name, whom "signed" objects name as author
_CAME = "2025-03-01T10:00:00.000Z"  # the version that each came with
FIRST = 0x1000  # number of the first object
_ENDS = {"open": 0x501, "red": 0x502, "amber": 0x503, "foreign": 0x504}
_FROM = 0x500
RED_ENDS = (0x502, 0x601)
_RED_MAKER = numbered("identity", RED_ENDS[1])
_POLICIES: Mapping[str, tuple[int, dict[str, Any]]] = {
    "nothing": (0x701, {"permitted_actions": "none"}),
    "ask": (0x702, {"permitted_actions": "contact-for-instruction"}),
    "free": (0x703, {"permitted_actions": "externally-visible-direct-actions"}),
    "not-begun": (0x704, {"start_date": "2027-06-01T00:00:00.000Z"}),
    "over": (0x705, {"end_date": "2026-11-18T13:00:00.000Z"}),  # an hour after all begins
    "unnamed": (0x706, {"attribution": "must-not"}),
    "red": (0x707, {"tlp": "red"}),
}
_PLACES = {
    "indicator": ("name", "description", "label", "reference", "pattern"),
    "relationship": ("description", "label", "reference"),
    "sighting": ("description", "label", "reference"),
    "report": ("name", "description", "label", "reference"),
}


def ends_of(kind: CollectionKind) -> dict[str, int]:
    """Numbers of those ends and makers that do not stand in the collection themselves."""
    found = _ENDS | {"maker": 0x601}
    return {n: v for n, v in found.items() if n != "foreign" or kind is CollectionKind.PUBLISHED}


def can_be(row: Row) -> bool:
    """Whether such an object can come to be here at all."""
    is_own, is_red = row["by"] == "us", "red" in (row["tlp"], row["iep"], row["part"], row["later"])
    joins = row["shape"] != "indicator"
    return (
        (is_own or not is_red)  # RED of others is not taken
        and (is_own or (row["maker"], row["later"], row["part"]) == ("open", "none", "none"))
        and (is_own or row["end"] != "foreign")
        and (row["permission"] == "none" or row["by"] in ("onward", "kept"))
        and (joins == (row["end"] != "none"))
        and (not joins or (row["listed"], row["later"], row["part"]) == ("no", "none", "none"))
        and (row["later"] != "clear" or row["tlp"] not in ("none", "red"))
        and (row["part"] != "clear" or row["tlp"] not in ("none", "red"))
        and not (  # of RED neither is said here: it is not open to those who say it
            (row["personal"], row["disputed"]) != ("no", "no")
            and "red" in (row["tlp"], row["iep"], row["part"])
        )
    )


def object_rows() -> tuple[list[Row], list[Row]]:
    """Those that differ in one fact, and those that cover the pairs."""
    base = opened(OBJECT)
    single = one_by_one(OBJECT, can_be)
    single += [
        base | {"by": by, "tlp": "amber", "permission": permission}
        for by in ("onward", "kept")
        for permission in OBJECT["permission"]
    ]
    single += [
        base | {"by": by, "tlp": tlp} for by in ("permits", "vouched") for tlp in OBJECT["tlp"][:5]
    ]
    single += [
        base | {"by": by, "shape": shape, "end": end}
        for by in ("us", "onward")
        for shape in ("relationship", "sighting", "report")
        for end in OBJECT["end"][1:]
    ]
    return [row for row in single if can_be(row)], covering(OBJECT, can_be)


@dataclass(frozen=True, slots=True)
class Made:
    number: int
    facts: Row
    one: StixObject
    is_late: bool  # what can be said afterwards is said afterwards

    @property
    def places(self) -> tuple[str, ...]:
        return (*_PLACES[self.facts["shape"]], "id")

    @property
    def named(self) -> tuple[str, ...]:
        """Of ends and makers that stay here, those whose ids are in its bytes."""
        maker = ("maker",) if self.facts["maker"] == "red" else ()
        return (self.facts["end"], *maker)

    @property
    def is_red(self) -> bool:
        return "red" in [self.facts[name] for name in ("tlp", "iep", "part", "later")]

    def word(self, place: str) -> str:
        return f"zq{self.number:04}{place}zq"


@dataclass(frozen=True, slots=True)
class Reader:
    """A peer by its terms and how its agreement stands; ``is_member`` of the one collection."""

    slug: str
    terms: Row
    state: str = "in-force"
    is_member: bool = True


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
    world.reference = asked(
        program, people["handler"], world.objects[0].one.stix_id, *naming, alias="wide"
    )
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


def identity_of(slug: str) -> str:
    return numbered("identity", 0x80000000 | crc32(slug.encode()))


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
        put(work, *policies(), *_backdrop())
    for place, row in enumerate([*single, *pairs]):
        creator = us if row["by"] == "us" else identity_of(BRINGERS[row["by"]])
        creator = identity_of(CHOSEN) if row["by"] == "signed" else creator
        creator = _RED_MAKER if row["maker"] == "red" else creator
        one = taken(text_of(place, row, creator))
        world.objects.append(Made(place, row, one, is_late=_is_late(place, row, len(single))))
    with world.program.work(CONSOLE) as work:
        put(work, *(made.one for made in world.objects if made.facts["by"] == "us"))
    for slug in dict.fromkeys(BRINGERS.values()):
        theirs = [m.one.raw for m in world.objects if BRINGERS.get(m.facts["by"]) == slug]
        if slug == "onward":
            theirs.insert(0, an_object("identity", id=identity_of(slug), name="Onward"))
        if slug == "kept":
            theirs.insert(0, _end("foreign", Tlp.GREEN))
        _send(world, slug, theirs)
    _send(world, CHOSEN, [m.one.raw for m in world.objects if m.facts["by"] == "too"])


def _is_late(place: int, row: Row, singles: int) -> bool:
    """Each goes through every feed, so that of the pairs most are said before."""
    if place < singles:
        return place % 2 == 0 or row["permission"] == "none"
    return place % 4 == 0


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


def policies() -> Iterator[StixObject]:
    for name, (number, said) in _POLICIES.items():
        extension = {"extension_type": "property-extension", "iep_version": "2.0", **said}
        yield taken(
            an_object(
                "marking-definition",
                id=numbered("marking-definition", number),
                name=f"Policy {name}",
                modified=None,
                extensions={IEP_EXTENSION: extension},
            )
        )


def _backdrop() -> Iterator[StixObject]:
    """Ends and a maker that stay here: nothing of them is released."""
    yield taken(
        an_object(
            "malware", id=numbered("malware", _FROM), is_family=False, name="Seen", **_green()
        )
    )
    for name, tlp in (("open", Tlp.GREEN), ("red", Tlp.RED), ("amber", Tlp.AMBER)):
        yield taken(_end(name, tlp))
    yield taken(an_object("identity", id=_RED_MAKER, name="The ministry", **_marks(Tlp.RED)))


def _marks(tlp: Tlp) -> dict[str, Any]:
    return {"object_marking_refs": marked(tlp)}


def _green() -> dict[str, Any]:
    return _marks(Tlp.GREEN)


def _end(name: str, tlp: Tlp) -> bytes:
    return an_indicator(id=numbered("indicator", _ENDS[name]), **_marks(tlp))


def text_of(place: int, row: Row, creator: str, **more: Any) -> bytes:
    def word(of: str) -> str:
        return f"zq{place:04}{of}zq"

    tlp, shape = row["tlp"], row["shape"]
    marks = [] if tlp == "none" else [TLP2_REFS[Tlp(tlp)]]
    marks += [ref for ref, level in PAP_IDS.items() if level == row["pap"]]
    marks += (
        [numbered("marking-definition", _POLICIES[row["iep"]][0])] if row["iep"] != "none" else []
    )
    said: dict[str, Any] = {
        "id": numbered(shape, FIRST + place),
        "created_by_ref": creator,
        "description": word("description"),
        "labels": [word("label")],
        "external_references": [{"source_name": "zq", "description": word("reference")}],
        "object_marking_refs": marks or None,
    }
    if row["part"] != "none":
        part = {"marking_ref": TLP2_REFS[Tlp(row["part"])], "selectors": ["description"]}
        said["granular_markings"] = [part]
    end = numbered("indicator", _ENDS.get(row["end"], 0))
    if shape == "indicator":
        pattern = f"[domain-name:value = '{word('pattern')}.a{place}.example']"
        return an_indicator(**said, name=word("name"), pattern=pattern, **more)
    if shape == "relationship":
        ends = {"source_ref": end, "target_ref": numbered("malware", _FROM)}
        return an_object(shape, **said, relationship_type="indicates", **ends, **more)
    if shape == "sighting":
        return an_object(shape, **said, sighting_of_ref=end, **more)
    about = {"object_refs": [numbered("malware", _FROM), end]}
    published = "2025-03-01T10:00:00Z"
    return an_object(shape, **said, name=word("name"), published=published, **about, **more)


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
        .where(ObjectRow.stix_id.in_(wanted), ObjectVersion.version_text == _CAME)
    )
    return dict(map(tuple, work.session.execute(query)))


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


def cell_for_peer(made: Made, reader: Reader, kind: CollectionKind) -> dict[str, str]:
    """What the oracle is asked of this object and that peer."""
    facts, terms = made.facts, reader.terms
    bringer = BRINGERS.get(facts["by"], "")
    is_shared = kind is CollectionKind.SHARED
    lets_go = {slug: slug not in ("kept", "lapsed") for slug in BRINGERS.values()}
    asked = {
        **_of_object(made),
        "recipient": "member" if reader.is_member else "non-member",
        "agreement": reader.state,
        "origin": _origin(facts["by"], reader.slug, is_shared=is_shared),
        "onward": _both(lets_go.get(bringer, True), terms["transit"] == "yes"),
        "permission": _permission(facts, reader),
        **{name: value for name, value in terms.items() if name != "transit"},
    }
    if facts["end"] == "foreign":  # brought by "kept", which knows it
        asked["end"] = "open" if reader.slug == "kept" else "posted" if is_shared else "foreign"
        asked["onward"] = "one"
    return asked


def cell_for_staff(made: Made, role: str, at: str) -> dict[str, str]:
    return {
        **_of_object(made),
        "recipient": role,
        "named": "yes" if role == "named" else "no",
        "at": at,
    }


def _of_object(made: Made) -> dict[str, str]:
    """As it is in the end: what was taken back is as if it had never been."""
    undone = {"cleared": "no", "taken-off": "no", "solved": "no"}
    names = ("tlp", "iep", "pap", "sector", "end", "maker", "later", "part")
    said = {name: made.facts[name] for name in names}
    for name in ("personal", "listed", "disputed"):
        said[name] = undone.get(made.facts[name], made.facts[name])
    return said | {"type": made.facts["shape"], "state": "released"}


def _origin(by: str, slug: str, *, is_shared: bool) -> str:
    if by == "us":
        return "own"
    if slug == BRINGERS[by]:
        return "back" if is_shared else "echo"
    if by == "vouched":
        return "vouched"
    if is_shared:
        return "posted"
    if slug == CHOSEN and by in ("signed", "too"):
        return "author" if by == "signed" else "echo"
    return "foreign"


def _both(one: bool, other: bool) -> str:
    return "both" if one and other else "one" if one or other else "neither"


def _permission(facts: Row, reader: Reader) -> str:
    if facts["by"] == "permits":
        return "too-low" if facts["tlp"] == "amber+strict" else "in-force"
    how = facts["permission"]
    if how == "for-one":
        return "in-force" if reader.slug == CHOSEN else "for-another"
    return "in-force" if how == "given" else how


_CSV = frozenset({"name", "description", "label", "pattern", "id"})
_LISTED = frozenset({"indicators alone"})  # relationships and the like have no place in it
_MISP = frozenset({"name", "pattern", "id"}) | _LISTED
_WHOLE = _CSV | {"reference"}
_NOTHING = frozenset[str]()
FORMS = (("stix", _WHOLE), ("csv", _CSV), ("misp", _MISP))


def told_to_reader(world: Facts, reader: Reader, *, deep: bool) -> Iterator[Told]:
    """What asks for many at once; ``deep`` asks for every kind of file as well."""
    for path, carries in (
        ("", _NOTHING),
        ("collections/", _NOTHING),
        ("collections/wide/", _NOTHING),
        ("collections/wide/objects/", _WHOLE),
        ("collections/wide/objects/?match[version]=all&match[spec_version]=2.1", _WHOLE),
        ("collections/wide/manifest/", frozenset({"id"})),
    ):
        status, text = taxii(world, reader.slug, path)
        yield Told(f"taxii {path or 'api root'}", status, text, carries)
    yield Told("taxii objects in small pages", 200, _pages(world, reader.slug), _WHOLE)
    yield Told("as this peer sees it", 200, _as_seen(world, reader.slug), frozenset({"name or id"}))
    for form, carries in FORMS if deep else FORMS[:1]:
        status, text = saved(world, "lead", "collection", "wide", form, reader.slug)
        yield Told(f"export collection {form} as for a peer", status, text, carries)
        if deep:
            status, text = saved(world, "lead", "indicators", "", form, reader.slug)
            yield Told(f"export indicators {form} as for a peer", status, text, carries | _LISTED)


def _pages(world: Facts, slug: str, limit: int = 17) -> str:
    """Page after page, until there is no more."""
    found, after = "", ""
    while True:
        path = f"collections/wide/objects/?limit={limit}{after}"
        status, text = taxii(world, slug, path)
        found += text
        _, is_more, rest = text.partition('"next":"')
        if status != 200 or not is_more:
            return found
        after = f"&next={rest.partition(chr(34))[0]}"


def _as_seen(world: Facts, slug: str) -> str:
    """The pages that show a lead what this peer could fetch."""
    visitor, found = world.visitors["lead"], ""
    path = f"/peers/{slug}/view"
    found += page_of(visitor, path).text
    path += "/wide"
    while path:
        text = page_of(visitor, path).text
        found += text
        _, is_more, rest = text.partition(f'href="/peers/{slug}/view/wide?after=')
        path = f"/peers/{slug}/view/wide?after={rest.partition(chr(34))[0]}" if is_more else ""
    return found


def told_of_one_to_reader(world: Facts, reader: Reader, made: Made) -> Iterator[Told]:
    for path, carries in (("", _WHOLE), ("versions/", _NOTHING)):
        address = f"collections/wide/objects/{made.one.stix_id}/{path}"
        status, text = taxii(world, reader.slug, address)
        yield Told(f"taxii objects/<id>/{path}", status, text, carries)


def told_to_role(world: Facts, role: str) -> Iterator[Told]:
    for path in (
        f"/release/{world.reference}",
        f"/release/{world.reference}/print",
        "/indicators",
        "/indicators?words=zq",
        "/indicators?source=other",
        "/peers",
        "/sync",
    ):
        yield page_of(world.visitors[role], path)
    for form, carries in FORMS:
        status, text = saved(world, role, "indicators", "", form, "")
        yield Told(f"export indicators {form}", status, text, carries | _LISTED)


def told_of_one_to_role(world: Facts, role: str, made: Made) -> Iterator[Told]:
    is_indicator = made.facts["shape"] == "indicator"
    page = page_of(world.visitors[role], f"/indicators/{made.one.stix_id}")
    shown = frozenset({"name", "description", "pattern"}) if is_indicator else _NOTHING
    yield Told("/indicators/<id>", page.status, page.text, shown)
    page = page_of(world.visitors[role], f"/indicators/{made.one.stix_id}/who-may")
    yield Told("/indicators/<id>/who-may", page.status, page.text, _NOTHING)


def told_to_strangers(world: Facts) -> Iterator[Told]:
    paths = ("/", "/report", "/indicators", "/exports", "/indicators?words=zq", "/taxii2/national/")
    for path in (*paths, "/taxii2/national/collections/wide/objects/"):
        yield page_of(world.visitors["public"], path)
