"""Instances of ours that read from each other over HTTP, each with an identity of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing, Run
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.exchange.sync import sync_all
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import build
from cirt.objects.models import ObjectVersion, StixObject
from cirt.objects.store import put_many
from cirt.parties.peers import PeerFacts, add_peer, find_peer, ourselves, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind, PageRead
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sharing.gate import show
from tests.support.databases import Databases
from tests.support.release import our_indicator, published
from tests.support.taxii import PASSWORD, served


def call_it(program: Program, name: str) -> str:
    """Give an instance made from the template an identity that no other has."""
    with program.work(CONSOLE) as work:
        identity = build.new_identity(name=name, at=work.now)
        us = ourselves(work.session)
        us.name, us.identity_id = name, identity.stix_id
        put_many(work, [identity], origin_id=None, companion=True)
    return identity.stix_id


@dataclass(frozen=True, slots=True)
class Node:
    slug: str
    program: Program
    url: str
    identity: str

    def give(self, tlp: Tlp = Tlp.GREEN) -> str:
        """An object of its own, in its collection."""
        with self.program.work(CONSOLE) as work:
            made = our_indicator(work, tlp=tlp)
            published(work, find_collection(work.session, "indicators"), made)
            return made.stix_id

    def revoke(self, stix_id: str) -> None:
        with self.program.work(CONSOLE) as work:
            revoke_indicator(work, Revoke(stix_id, "It was a mistake"))

    def sight(self, stix_id: str) -> str:
        """Its own sighting of an object that it holds."""
        with self.program.work(CONSOLE) as work:
            return report_sighting(work, ReportSighting(stix_id, work.now, work.now, 3)).stix_id

    def hand_on(self) -> None:
        """What it took of others goes into its own collection, as approved releases do; the gate says to whom."""
        with self.program.work(CONSOLE) as work:
            theirs = sa.select(StixObject.newest_id).where(StixObject.brought_by_id.is_not(None))
            ids = [each for each in work.session.scalars(theirs) if each is not None]
            publish(work, find_collection(work.session, "indicators"), ids)

    def versions(self, stix_id: str) -> list[bytes]:
        """The bytes of all versions here, oldest first."""
        with self.program.work(CONSOLE, write=False) as work:
            query = sa.select(ObjectVersion.id).join(
                StixObject, StixObject.id == ObjectVersion.object_id
            )
            query = query.where(StixObject.stix_id == stix_id).order_by(ObjectVersion.version_us)
            ids = work.session.scalars(query).all()
            return [show(work, each).body for each in ids]

    def messages(self) -> tuple[int, int, int]:
        """Pages with objects that it answered, what it sent, what waits to be sent."""
        with self.program.work(CONSOLE, write=False) as work:
            counts = [
                sa.select(sa.func.count()).select_from(PageRead).scalar_subquery(),
                sa.select(sa.func.count(Outgoing.sent_at)).scalar_subquery(),
                sa.select(sa.func.count()).where(Outgoing.sent_at.is_(None)).scalar_subquery(),
            ]
            row = work.session.execute(sa.select(*counts)).one()
            return row[0], row[1], row[2]


@dataclass(frozen=True, slots=True)
class Ring:
    nodes: Sequence[Node]
    clock: FakeClock

    def poll(self) -> list[Run]:
        """Each asks once, five minutes later, and hands on what it got."""
        self.clock.forward(minutes=5)
        runs: list[Run] = []
        for node in self.nodes:
            runs += [run for _, run in sync_all(node.program)]
            node.hand_on()
        return runs


@contextmanager
def a_ring(
    databases: Databases,
    backend: str,
    home: Path,
    clock: FakeClock,
    reads: Sequence[tuple[int, int]],
    *,
    transit: bool = False,
) -> Iterator[Ring]:
    """``reads`` are (reader, giver); who reads may also write into the other's inbox."""
    with ExitStack() as stack:
        nodes = []
        for number in range(1 + max(max(pair) for pair in reads)):
            slug = f"cert-{'abcdefgh'[number]}"
            program = stack.enter_context(databases.program(backend, home / slug, clock))
            identity = call_it(program, slug.upper())
            url = stack.enter_context(served(program))
            nodes.append(Node(slug, program, url, identity))
            _open_collections(program)
        for one in {frozenset(pair) for pair in reads}:
            first, second = (nodes[number] for number in sorted(one))
            _know(first, second, transit=transit)
            _know(second, first, transit=transit)
        for reader, giver in reads:
            _subscribe(nodes[reader], nodes[giver])
        yield Ring(nodes, clock)


def _open_collections(program: Program) -> None:
    with program.work(CONSOLE) as work:
        for alias, kind in (
            ("indicators", CollectionKind.PUBLISHED),
            ("inbox", CollectionKind.INBOX),
        ):
            add_collection(work, AddCollection(alias, alias, kind))


def _know(one: Node, other: Node, *, transit: bool) -> None:
    with one.program.work(CONSOLE) as work:
        facts = PeerFacts(
            name=other.slug.upper(),
            country="XX",
            identity=other.identity,
            discovery_url=f"{other.url}/taxii2/",
            username=one.slug,
            password=PASSWORD,
        )
        add_peer(work, one.program.keys, other.slug, facts)
        set_credentials(work, other.slug, other.slug, PASSWORD)
        add_agreement(work, AddAgreement(other.slug, Tlp.AMBER, transit=transit))


def _subscribe(reader: Node, giver: Node) -> None:
    with giver.program.work(CONSOLE) as work:
        peer = find_peer(work.session, reader.slug)
        for alias in ("indicators", "inbox"):
            add_member(work, find_collection(work.session, alias), peer)
    with reader.program.work(CONSOLE) as work:
        add_link(work, AddLink(giver.slug, "indicators", LinkDirection.PULL))
        add_link(work, AddLink(giver.slug, "inbox", LinkDirection.PUSH))
