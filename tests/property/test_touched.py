"""What a page says that a change of one peer's agreement opens and closes for the others is what it then does."""

import itertools
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import build
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.release.collections import add_member
from cirt.release.models import CollectionKind
from cirt.release.previewing.elsewhere import Elsewhere, preview_elsewhere
from cirt.release.previewing.visibility import preview_terms
from cirt.release.publishing import publish
from cirt.release.seeing import seen_collections
from cirt.release.settling import offer_missing
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import (
    change_agreement,
    end_agreement,
    resume_agreement,
    suspend_agreement,
)
from cirt.sharing.facts import Terms
from cirt.sharing.models import AgreementState
from cirt.sharing.queries import find_agreement, peer_reader, terms_of
from tests.support.release import ALL, a_collection, a_reader, walk
from tests.support.store import indicator, numbered, put, relationship

_numbers = itertools.count(1)  # a number of its own for every example: they share a database
_QUIET = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
_MOVES = {
    "suspend": (suspend_agreement, AgreementState.SUSPENDED),
    "resume": (resume_agreement, AgreementState.IN_FORCE),
    "end": (end_agreement, AgreementState.ENDED),
}
GOES_ALONG = ("marking-definition", "identity")
_levels = st.sampled_from([Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER])
_terms = st.fixed_dictionaries(
    {},
    optional={
        "transit": st.booleans(),
        "attribution": st.booleans(),
        "ceiling": _levels,
        "ceiling_in": _levels,
        "default_tlp": st.sampled_from([None, Tlp.CLEAR, Tlp.AMBER]),
    },
)
_brought = st.lists(st.tuples(_levels, st.booleans()), min_size=1, max_size=4)


@dataclass(frozen=True)
class Room:
    """A source and two more peers, members of one published and one shared collection, unless left out."""

    source: Peer
    others: tuple[Peer, Peer]
    reference: str
    aliases: tuple[str, str]


def a_room(
    program: Program,
    brought: list[tuple[Tlp, bool]],
    passes: tuple[bool, bool],
    is_open: bool,
) -> Room:
    """What the source brought stands in the published collection, some naming its maker, some also posted by itself in
    the shared one; of ours a relationship names each, and another nothing of theirs."""
    number = next(_numbers)
    aliases, reference = (f"pub{number}", f"sha{number}"), f"MOU-2032-{number:04}"
    with program.work(CONSOLE) as work:
        source = a_reader(work, f"src{number}", reference=reference, transit=is_open)
        first = a_reader(work, f"one{number}", transit=passes[0])
        second = a_reader(work, f"two{number}", transit=passes[1])
        published = a_collection(work, source, first, second, alias=aliases[0])
        shared = a_collection(work, source, first, alias=aliases[1], kind=CollectionKind.SHARED)
        maker = numbered("identity", number)
        for place, (tlp, is_named) in enumerate(brought):
            name = number * 100 + place
            more: dict[str, Any] = {"created_by_ref": maker} if is_named else {}
            theirs = indicator(name, tlp=tlp, **more)
            [stored] = put(work, theirs, origin=source)
            publish(work, published, [stored.version_id])
            if is_named:
                publish(work, shared, [stored.version_id], brought_by=source)
            ours = relationship(theirs.stix_id, indicator(number * 100).stix_id, name)
            publish(work, published, [each.version_id for each in put(work, ours)])
        of_us = build.new_indicator(
            pattern=f"[ipv4-addr:value = '203.0.113.{number % 256}']",
            creator=ourselves(work.session).identity_id,
            at=work.now,
            valid_from=work.now,
            tlp=Tlp.GREEN,
            name=f"Ours {number}",
            description="",
        )
        publish(work, published, [each.version_id for each in put(work, of_us)])
        add_member(work, shared, second)
    return Room(source, (first, second), reference, aliases)


def can_fetch(program: Program, peer: Peer, room: Room) -> set[str]:
    """From every collection that exists for it, but for what only goes along."""
    with program.work(CONSOLE, write=False) as work:
        there = seen_collections(work, peer_reader(work.session, peer.id, work.now))
    aliases = [each.collection.alias for each in there]
    found = {row.stix_id for alias in aliases for row in walk(program, peer, alias, ALL, 50)}
    return {each for each in found if each.partition("--")[0] not in GOES_ALONG}


def promised(program: Program, room: Room, wanted: Terms) -> tuple[Elsewhere, int, int]:
    with program.work(CONSOLE, write=False) as work:
        mine = preview_terms(work, room.source.id, wanted)
        return preview_elsewhere(work, room.source.id, wanted), mine.opens, mine.closes


def present_terms(program: Program, room: Room) -> Terms:
    with program.work(CONSOLE, write=False) as work:
        return terms_of(find_agreement(work.session, room.reference))


def check_kept(
    program: Program,
    room: Room,
    said: tuple[Elsewhere, int, int],
    before: dict[str, set[str]],
) -> None:
    """Every count, and nobody else."""
    elsewhere, opens, closes = said
    for peer in room.others:
        after, was = can_fetch(program, peer, room), before[peer.slug]
        shift = next((each for each in elsewhere.shifts if each.slug == peer.slug), None)
        counts = (shift.opens.count, shift.closes.count) if shift else (0, 0)
        assert counts == (len(after - was), len(was - after)), peer.slug
        if shift:
            assert {each.stix_id for each in shift.opens.examples} <= after - was
            assert {each.stix_id for each in shift.closes.examples} <= was - after
    after, was = can_fetch(program, room.source, room), before[room.source.slug]
    assert (opens, closes) == (len(after - was), len(was - after))
    assert {each.slug for each in elsewhere.shifts} <= {each.slug for each in room.others}


@given(
    brought=_brought,
    passes=st.tuples(st.booleans(), st.booleans()),
    is_open=st.booleans(),
    steps=st.lists(st.one_of(_terms, st.sampled_from(sorted(_MOVES))), min_size=1, max_size=3),
)
@_QUIET
def test_what_is_said_of_every_peer_is_what_the_change_then_does(
    program: Program,
    brought: list[tuple[Tlp, bool]],
    passes: tuple[bool, bool],
    is_open: bool,
    steps: list[dict[str, Any] | str],
) -> None:
    room = a_room(program, brought, passes, is_open)
    everybody = (room.source, *room.others)

    for step in steps:
        terms = present_terms(program, room)
        if isinstance(step, str):
            act, state = _MOVES[step]
            if terms.state is AgreementState.ENDED or (step == "resume") != (
                terms.state is AgreementState.SUSPENDED
            ):
                continue
            wanted = replace(terms, state=state)
        elif terms.state is AgreementState.ENDED:
            continue
        else:
            wanted = replace(terms, **step)
        before = {each.slug: can_fetch(program, each, room) for each in everybody}
        said = promised(program, room, wanted)

        with program.work(CONSOLE) as work:
            if isinstance(step, str):
                act(work, room.reference)
            else:
                change_agreement(work, ChangeAgreement(room.reference, **step))
            offer_missing(work, room.source.id)

        check_kept(program, room, said, before)
