"""Builders of the release room: collections with members, releases, whole walks of a feed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, ActorKind, Work
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from cirt.release.asking import ask_release
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import AskRelease, DecideRelease
from cirt.release.deciding import Outcome, decide_release
from cirt.release.filters import Filter
from cirt.release.ledger import record_pages
from cirt.release.models import Collection, CollectionKind, Ruling
from cirt.release.pages import Page, Pages, Record, page, records
from cirt.release.publishing import publish
from cirt.release.queries import proposal_view
from cirt.release.windows import Place, find_place
from cirt.sharing.gate import ReleasedTogether
from cirt.sharing.models import NamedPerson
from cirt.sharing.queries import peer_reader
from tests.support.register import a_person
from tests.support.store import a_peer, an_agreement, put

ALL = Filter(versions=("all",))
EVERYTHING = 10_000


@dataclass(frozen=True)
class Shown:
    """A page with what a manifest says of each row."""

    rows: list[Record]
    more: bool
    position_us: int
    objects: list[ReleasedTogether]


def a_collection(
    work: Work,
    *members: Peer,
    alias: str = "indicators",
    kind: CollectionKind = CollectionKind.PUBLISHED,
) -> Collection:
    collection = add_collection(work, AddCollection(alias, alias.title(), kind))
    for peer in members:
        add_member(work, collection, peer)
    return collection


def a_reader(work: Work, slug: str = "cert-b", **terms: Any) -> Peer:
    """A peer with an agreement in force."""
    peer = a_peer(work, slug)
    an_agreement(work, peer, **terms)
    return peer


def our_indicator(work: Work, value: str = "198.51.100.7", tlp: Tlp = Tlp.GREEN) -> StixObject:
    """As the desk makes it: created by our identity, with a TLP 2.0 marking."""
    return build.new_indicator(
        pattern=f"[ipv4-addr:value = '{value}']",
        creator=ourselves(work.session).identity_id,
        at=work.now,
        valid_from=work.now,
        tlp=tlp,
        name=f"Address {value}",
        description="Seen in a phishing wave",
    )


def published(work: Work, collection: Collection, *objects: StixObject) -> list[int]:
    """Store our objects and put them into a collection; their version ids."""
    ids = [stored.version_id for stored in put(work, *objects)]
    publish(work, collection, ids)
    return ids


def read_page(
    program: Program,
    peer: Peer,
    alias: str = "indicators",
    wanted: Filter = ALL,
    *,
    after_us: int | None = None,
    limit: int = EVERYTHING,
    endpoint: str = "objects",
) -> Shown:
    """One page, as the server answers: read in one transaction, written down in another."""
    actor = Actor(ActorKind.PEER, peer.id, peer.slug)
    while True:
        with program.work(actor, write=False) as work:
            reader = peer_reader(work.session, peer.id, work.now)
            collection = find_collection(work.session, alias)
            place = find_place(work, reader, collection)
            found = page(work, place, wanted, after_us=after_us, limit=limit, endpoint=endpoint)
            _compare_with_remembered(program, work, place, wanted, found)
            rows = records(work, found)
        with program.work(actor) as work:
            if found.reading is None or record_pages(work, [found.reading]) == [True]:
                return Shown(rows, found.more, found.position_us, found.objects)


def _compare_with_remembered(
    program: Program, work: Work, place: Place, wanted: Filter, found: Page
) -> None:
    """What the server remembers of earlier pages gives the same as reading afresh."""
    if found.reading is None:
        return
    pages = _PAGES.setdefault(program.engine, Pages())
    again = pages.page(
        work,
        place,
        wanted,
        after_us=found.reading.from_us,
        limit=found.reading.limit,
        endpoint=found.reading.endpoint,
    )
    assert [each.body for each in again.objects] == [each.body for each in found.objects]
    assert again == replace(found, objects=again.objects)


_PAGES: WeakKeyDictionary[sa.Engine, Pages] = WeakKeyDictionary()


def walk(
    program: Program, peer: Peer, alias: str = "indicators", wanted: Filter = ALL, limit: int = 3
) -> list[Record]:
    """Every page, one after the other."""
    rows: list[Record] = []
    after_us: int | None = None
    while True:
        answer = read_page(program, peer, alias, wanted, after_us=after_us, limit=limit)
        rows += answer.rows
        if not answer.more:
            return rows
        after_us = answer.position_us


def names(rows: list[Record]) -> list[str]:
    """The STIX ids, but for what comes along by itself."""
    return [row.stix_id for row in rows if row.stix_id.startswith(("indicator", "relationship"))]


def asked(
    program: Program, actor: Actor, *stix_ids: str, alias: str = "indicators", **more: Any
) -> str:
    """The reference of a request to release these."""
    with program.work(actor) as work:
        cmd = AskRelease("Phishing wave", "Early warning", (alias,), stix_ids, **more)
        return ask_release(work, cmd).reference


def an_asker(program: Program, stix_ids: Iterable[str]) -> Actor:
    """Who may ask for the release of all of these, also of what is RED: they are named on it."""
    asker = a_person(program, "Asker", Role.HANDLER)
    with program.work(CONSOLE) as work:
        work.session.add_all(
            NamedPerson(subject=stix_id, person_id=asker.person_id) for stix_id in stix_ids
        )
    return asker


def shown_digest(program: Program, actor: Actor, reference: str) -> str:
    with program.work(actor, write=False) as work:
        return proposal_view(work, reference).digest


def decided(
    program: Program,
    actor: Actor,
    reference: str,
    ruling: Ruling = Ruling.APPROVED,
    *,
    comment: str = "",
    digest: str | None = None,
) -> Outcome:
    """A decision on what is shown at this moment, unless another digest is given."""
    digest = shown_digest(program, actor, reference) if digest is None else digest
    with program.work(actor) as work:
        return decide_release(work, DecideRelease(reference, ruling, comment, digest))


def revised(raw: bytes, program: Program, **changes: Any) -> StixObject:
    return build.new_version(raw, changes, program.clock.now())
