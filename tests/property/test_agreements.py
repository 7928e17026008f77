"""What a page promises of a change is what a peer then gets; the history tells every step and nothing else."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.models import Peer
from cirt.release.collections import add_member, find_collection
from cirt.release.filters import Filter
from cirt.release.models import CollectionKind
from cirt.release.previewing.visibility import preview_member, preview_terms
from cirt.release.publishing import publish
from cirt.release.seeing import seen_collections, seen_page
from cirt.release.settling import offer_missing
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.errors import NotInThatState
from cirt.sharing.agreements.service import (
    change_agreement,
    end_agreement,
    resume_agreement,
    suspend_agreement,
)
from cirt.sharing.agreements.terms import apply_terms, differences, terms_data, widening
from cirt.sharing.models import Agreement, Direction, Level
from cirt.sharing.queries import find_agreement, history, peer_reader
from tests.support.release import ALL, a_collection, a_reader, walk
from tests.support.store import indicator, put, relationship

_numbers = itertools.count(1)  # a number of its own for every example: they share a database
_BELOW_RED = [tlp for tlp in Tlp if tlp is not Tlp.RED]
_QUIET = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
changed_terms = st.fixed_dictionaries(
    {},
    optional={
        "ceiling": st.sampled_from(_BELOW_RED),
        "ceiling_in": st.sampled_from(_BELOW_RED),
        "level": st.sampled_from(Level),
        "direction": st.sampled_from(Direction),
        "default_tlp": st.sampled_from([None, Tlp.GREEN, Tlp.AMBER_STRICT]),
        "types": st.sampled_from([(), ("indicator",), ("relationship", "malware")]),
        "personal_data": st.booleans(),
    },
)
things = st.lists(
    st.tuples(st.sampled_from([None, *_BELOW_RED]), st.sampled_from(["own", "theirs", "posted"])),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("kind", [CollectionKind.PUBLISHED, CollectionKind.SHARED])
@given(objects=things, first=changed_terms, then=changed_terms)
@_QUIET
def test_a_preview_is_what_the_approval_then_does_and_seeing_as_a_peer_is_its_poll(
    program: Program,
    kind: CollectionKind,
    objects: list[tuple[Tlp | None, str]],
    first: dict[str, Any],
    then: dict[str, Any],
) -> None:
    number = next(_numbers)
    alias, slug, reference = f"c{number}", f"p{number}", f"MOU-2031-{number:04}"
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work, slug, reference=reference), a_reader(work, f"o{number}")
        collection = a_collection(work, peer, other, alias=alias, kind=kind)
        for place, (tlp, origin) in enumerate(objects):
            one = indicator(number * 100 + place, tlp=tlp)
            whose = {"own": None, "theirs": peer, "posted": other}[origin]
            named = relationship(
                one.stix_id, indicator(number * 100).stix_id, number * 100 + place, tlp=tlp
            )
            ids = [stored.version_id for stored in put(work, one, named, origin=whose)]
            brought_by = whose if kind is CollectionKind.SHARED else None
            publish(work, collection, ids, brought_by=brought_by)
        change_agreement(work, ChangeAgreement(reference, **first))
        offer_missing(work, peer.id)
    before = _can_fetch(program, peer, alias)

    with program.work(CONSOLE, write=False) as work:
        reader = peer_reader(work.session, peer.id, work.now)
        assert reader.terms is not None
        wanted = replace(reader.terms, **_as_terms(then))
        promised = preview_terms(work, peer.id, wanted)
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(reference, **then))
        offer_missing(work, peer.id)
    after = _can_fetch(program, peer, alias)

    assert (promised.opens, promised.closes) == (len(after - before), len(before - after))
    [line] = promised.lines
    assert (line.before, line.after) == (len(before), len(after))
    assert sum(each.count for each in line.opens.kinds) == promised.opens
    _check_seen(program, peer, alias)


def _as_terms(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: frozenset(value) if isinstance(value, tuple) else value
        for name, value in given.items()
    }


def _can_fetch(program: Program, peer: Peer, alias: str) -> set[str]:
    return {row.stix_id for row in walk(program, peer, alias, ALL, 50)}


def _check_seen(program: Program, peer: Peer, alias: str) -> None:
    """Page by page, and counted, it is what the server answers to the peer's own question."""
    polled = [row.stix_id for row in walk(program, peer, alias, Filter(), 50)]
    with program.work(CONSOLE, write=False) as work:
        reader = peer_reader(work.session, peer.id, work.now)
        collection = find_collection(work.session, alias)
        there = seen_collections(work, reader)
        if not there:  # the agreement's direction leaves it nothing to do there
            assert polled == []
            with pytest.raises(NotFound):
                seen_page(work, reader, collection)
            return
        seen: list[str] = []
        after_us: int | None = None
        while True:
            shown = seen_page(work, reader, collection, after_us, limit=3)
            seen += [each.stix_id for each in shown.rows]
            after_us = shown.next_us
            if after_us is None:
                break
    assert seen == polled
    assert [line.count for line in there] == [len(polled)]


@given(objects=things)
@_QUIET
def test_the_preview_of_a_member_is_what_it_can_fetch_then(
    program: Program, objects: list[tuple[Tlp | None, str]]
) -> None:
    number = next(_numbers)
    alias = f"m{number}"
    with program.work(CONSOLE) as work:
        peer = a_reader(work, f"q{number}", reference=f"MOU-2027-{number:04}")
        collection = a_collection(work, alias=alias)
        for place, (tlp, origin) in enumerate(objects):
            whose = peer if origin == "theirs" else None
            [stored] = put(work, indicator(number * 100 + place, tlp=tlp), origin=whose)
            publish(work, collection, [stored.version_id])
        promised = preview_member(work, peer.id, collection)
    with program.work(CONSOLE) as work:
        add_member(work, find_collection(work.session, alias), peer)

    assert promised.opens == len(_can_fetch(program, peer, alias))


steps = st.lists(
    st.one_of(
        changed_terms,
        st.sampled_from(["suspend", "resume", "end"]),
    ),
    max_size=8,
)
_MOVES = {"suspend": suspend_agreement, "resume": resume_agreement, "end": end_agreement}


@given(acts=steps)
@_QUIET
def test_the_history_holds_every_version_and_its_differences_lead_from_one_to_the_next(
    program: Program, acts: list[dict[str, Any] | str]
) -> None:
    number = next(_numbers)
    reference = f"MOU-2028-{number:04}"
    with program.work(CONSOLE) as work:
        a_reader(work, f"h{number}", reference=reference)
        change_agreement(work, ChangeAgreement(reference))  # the first version that is written down
    for act in acts:
        try:
            with program.work(CONSOLE) as work:
                if isinstance(act, str):
                    _MOVES[act](work, reference)
                else:
                    change_agreement(work, ChangeAgreement(reference, **act))
        except NotInThatState:
            continue

    with program.work(CONSOLE, write=False) as work:
        now = find_agreement(work.session, reference)
        versions = history(work.session, now.id)
    assert [each.version for each in versions] == list(range(2, now.version + 1))
    assert versions[-1].terms == terms_data(now)
    for before, after in itertools.pairwise(versions):
        rebuilt = dict(before.terms)
        rebuilt |= {each.field: each.after for each in differences(before.terms, after.terms)}
        assert rebuilt == after.terms


@given(before=changed_terms, after=changed_terms)
def test_what_narrows_one_way_widens_the_other_and_the_same_does_neither(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    one, other = (_data(each) for each in (before, after))
    changed = {each.field for each in differences(one, other)}
    wider, wider_back = set(widening(one, other)), set(widening(other, one))

    assert wider | wider_back == changed
    if "default_tlp" not in changed and "types" not in changed and "direction" not in changed:
        assert not wider & wider_back


def _data(given: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {
        "level": "mou",
        "direction": "both",
        "ceiling": "amber",
        "ceiling_in": "amber",
        "default_tlp": None,
        "types": [],
        "personal_data": False,
    }
    return named | {
        name: list(value) if isinstance(value, tuple) else value for name, value in given.items()
    }


def test_terms_are_the_same_after_they_were_kept_as_data(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work, reference="MOU-2026-0001", types=["malware"], sectors=["energy"])
        row = find_agreement(work.session, "MOU-2026-0001")
        copy = Agreement(reference=row.reference, peer_id=row.peer_id)
        apply_terms(copy, terms_data(row))

    assert terms_data(copy) == terms_data(row)
