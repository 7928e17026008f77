"""Definitions that markings name, in collections: they go along with what names them; what a peer posts stands for itself."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from cirt.boot.app import create_app
from cirt.exchange.arrivals import take
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.stating import state_facts
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves, set_credentials
from cirt.release.collections import find_collection
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.settling import settle_objects
from tests.support.release import a_collection, a_reader, published, walk
from tests.support.stix import an_object
from tests.support.store import indicator, numbered, put, taken
from tests.support.taxii import MEDIA, PASSWORD, ROOT

TERMS, POLICY = (numbered("marking-definition", each) for each in (71, 72))


def a_statement(stix_id: str = TERMS, **more: Any) -> StixObject:
    return taken(
        an_object(
            "marking-definition",
            id=stix_id,
            modified=None,
            definition_type="statement",
            definition={"statement": "For members only"},
            **more,
        )
    )


def ours(work: Work, *refs: str, tlp: Tlp = Tlp.AMBER) -> StixObject:
    return build.new_indicator(
        pattern="[ipv4-addr:value = '198.51.100.7']",
        creator=ourselves(work.session).identity_id,
        at=work.now,
        valid_from=work.now,
        tlp=tlp,
        marking_refs=refs,
    )


def read(program: Program, peer: Peer) -> set[str]:
    return {row.stix_id for row in walk(program, peer)}


@dataclass
class Room:
    """A shared collection; ``poster`` may have GREEN, ``member`` AMBER as well."""

    program: Program
    poster: Peer
    member: Peer
    client: Client

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> TestResponse:
        return self.client.open(
            f"{ROOT}collections/indicators/{path}",
            method=method,
            data=None if body is None else json.dumps(body),
            headers={"Accept": MEDIA, "Content-Type": MEDIA},
            auth=("poster", PASSWORD),
        )

    def post(self) -> None:
        said = self.ask("POST", "objects/", {"objects": [json.loads(a_statement().raw)]})
        assert said.status_code == HTTPStatus.ACCEPTED

    def reads_back(self) -> bool:
        return self.ask("GET", f"objects/{TERMS}/").status_code == HTTPStatus.OK

    def remove(self) -> int:
        return self.ask("DELETE", f"objects/{TERMS}/").status_code

    def release(self, tlp: Tlp = Tlp.AMBER) -> StixObject:
        """Of ours, named by the definition."""
        with self.program.work(CONSOLE) as work:
            published(work, find_collection(work.session, "indicators"), one := ours(work, TERMS))
        return one

    def recall(self, one: StixObject) -> None:
        with self.program.work(CONSOLE) as work:
            revoke_indicator(work, Revoke(one.stix_id, "Wrong"))


@pytest.fixture
def room(program: Program) -> Room:
    with program.work(CONSOLE) as work:
        poster, member = a_reader(work, "poster", ceiling=Tlp.GREEN), a_reader(work, "member")
        set_credentials(work, "poster", "poster", PASSWORD)
        a_collection(work, poster, member, kind=CollectionKind.SHARED)
    return Room(program, poster, member, Client(create_app(program)))


def test_who_posted_a_definition_cannot_tell_that_something_hidden_names_it(room: Room) -> None:
    room.post()
    one = room.release()
    assert room.reads_back()

    room.recall(one)

    assert room.reads_back()
    room.release()
    assert room.remove() == HTTPStatus.OK
    assert not room.reads_back()
    room.post()
    assert room.reads_back()


def test_a_definition_that_its_bringer_removes_stays_with_what_of_ours_names_it(
    room: Room,
) -> None:
    room.post()
    one = room.release()
    assert {TERMS, one.stix_id} <= read(room.program, room.member)

    assert room.remove() == HTTPStatus.OK

    assert {TERMS, one.stix_id} <= read(room.program, room.member)
    assert TERMS not in read(room.program, room.poster)
    room.recall(one)
    assert TERMS not in read(room.program, room.poster)


def test_a_definition_that_marks_another_takes_it_along_both_ways(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        put(work, a_statement(), a_statement(POLICY, object_marking_refs=[TERMS]))
        published(work, a_collection(work, reader), one := ours(work, POLICY))
    assert {TERMS, POLICY} <= read(program, reader)

    with program.work(CONSOLE) as work:
        query = sa.select(ObjectRow.id).where(ObjectRow.stix_id == one.stix_id)
        object_ids = work.session.scalars(query).all()
        state_facts(work, object_ids, withheld=True)
        settle_objects(work, object_ids)

    assert not {TERMS, POLICY} & read(program, reader)


def test_the_revocation_of_its_author_brings_the_definitions_that_it_names(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        source, reader = (a_reader(work, slug, transit=True) for slug in ("source", "reader"))
        marks = [TLP2_REFS[Tlp.GREEN], TERMS]
        put(work, a_statement(), origin=source)
        [stored] = put(work, indicator(1, object_marking_refs=marks), origin=source)
        publish(work, a_collection(work, reader), [stored.version_id])
    assert {TERMS, stored.stix_id} <= read(program, reader)

    gone = indicator(1, day=2, revoked=True, object_marking_refs=marks)
    with program.work(CONSOLE) as work:
        take(work, [gone.raw], peer=work.session.get_one(Peer, source.id))

    ids = [row.stix_id for row in walk(program, reader)]
    assert [each for each in ids if each in (TERMS, stored.stix_id)] == [TERMS, stored.stix_id]
