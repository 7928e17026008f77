"""Two instances of ours that exchange files, and what each has of the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt.exchange.carrying.own_keys import own_keys
from cirt.exchange.carrying.sending import CarriedOut, write_file
from cirt.exchange.carrying.taking import CarriedIn, take_file
from cirt.kernel.clock import FakeClock
from cirt.kernel.exchange_keys import PublicKeys
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.peers import PeerFacts, add_peer, set_peer
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from cirt.sharing.gate import show
from tests.support.databases import Databases
from tests.support.release import our_indicator, published
from tests.support.ring import call_it


@dataclass
class Place:
    """One of the two, and where it puts its files."""

    program: Program
    slug: str  # what the other calls it
    other: str  # what it calls the other
    folder: Path

    def give(self, value: str = "198.51.100.7", tlp: Tlp = Tlp.GREEN) -> str:
        with self.program.work(CONSOLE) as work:
            made = our_indicator(work, value, tlp)
            published(work, find_collection(work.session, "indicators"), made)
            return made.stix_id

    def give_many(self, count: int) -> list[str]:
        with self.program.work(CONSOLE) as work:
            made = [our_indicator(work, f"10.{n >> 8}.{n & 255}.7") for n in range(count)]
            published(work, find_collection(work.session, "indicators"), *made)
            return sorted(one.stix_id for one in made)

    def revoke(self, stix_id: str) -> None:
        with self.program.work(CONSOLE) as work:
            revoke_indicator(work, Revoke(stix_id, "A false positive"))

    def export(self, name: str, **more: Any) -> Path:
        path = self.folder / name
        self.exported(name, **more)
        return path

    def exported(self, name: str, **more: Any) -> CarriedOut:
        return write_file(self.program, self.other, self.folder / name, CONSOLE, **more)

    def take(self, path: Path, **more: Any) -> CarriedIn:
        return take_file(self.program, path, CONSOLE, **more)

    def body(self, stix_id: str) -> bytes:
        """The bytes of its newest version."""
        with self.program.work(CONSOLE, write=False) as work:
            query = sa.select(StixObject.newest_id).where(StixObject.stix_id == stix_id)
            newest = work.session.scalars(query).one()
            assert newest is not None
            return show(work, newest).body

    def is_revoked(self, stix_id: str) -> bool:
        with self.program.work(CONSOLE, write=False) as work:
            query = sa.select(StixObject.revoked).where(StixObject.stix_id == stix_id)
            return work.session.scalars(query).one()

    def versions(self) -> int:
        return self.count(ObjectVersion)

    def count(self, model: type[Any]) -> int:
        with self.program.work(CONSOLE, write=False) as work:
            return work.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def public(self) -> PublicKeys:
        with self.program.work(CONSOLE) as work:
            return own_keys(work, self.program.keys).public


@dataclass
class Carriers:
    """A publishes to B, and B to A."""

    a: Place
    b: Place
    clock: FakeClock


@contextmanager
def carriers(
    program: Program, databases: Databases, backend: str, home: Path, clock: FakeClock
) -> Iterator[Carriers]:
    with databases.program(backend, home / "b", clock) as other:
        call_it(program, "A")
        call_it(other, "B")
        a = Place(program, "cert-a", "cert-b", home)
        b = Place(other, "cert-b", "cert-a", home)
        for here, there in ((a, b), (b, a)):
            with here.program.work(CONSOLE) as work:
                keys = here.program.keys
                facts = PeerFacts(name=there.slug, country="XX")
                peer = add_peer(work, keys, there.slug, facts)
                add_agreement(work, AddAgreement(peer=peer.slug, ceiling=Tlp.AMBER))
                cmd = AddCollection("indicators", "Indicators", CollectionKind.PUBLISHED)
                add_member(work, add_collection(work, cmd), peer)
        for here, there in ((a, b), (b, a)):
            key = there.public().text
            with here.program.work(CONSOLE) as work:
                set_peer(work, here.program.keys, there.slug, PeerFacts(exchange_key=key))
        yield Carriers(a, b, clock)
