"""The store on real databases: bytes, versions, facts and what objects are found by."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.codec import StixObject
from cirt.objects.content import ObjectContent
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectObservable, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.resolve import MarkingUnresolved
from cirt.objects.stating import state_sector
from cirt.objects.store import Kept, Stored, put_many, unresolved_markings
from tests.support.stix import an_indicator, an_object
from tests.support.store import a_peer, indicator, marked, numbered, put, relationship, taken

_FACTS = ObjectVersion.facts_id == ObjectFacts.id


def effective(work: Work, stored: Stored) -> Tlp:
    query = sa.select(ObjectFacts.tlp).join(ObjectVersion, _FACTS)
    return work.session.execute(query.where(ObjectVersion.id == stored.version_id)).scalar_one()


def facts(work: Work, stored: Stored) -> ObjectFacts:
    query = sa.select(ObjectFacts).join(ObjectVersion, _FACTS)
    return work.session.scalars(query.where(ObjectVersion.id == stored.version_id)).one()


def observables(work: Work, stored: Stored) -> list[str]:
    query = sa.select(ObjectObservable.value).order_by(ObjectObservable.value)
    return list(work.session.scalars(query.where(ObjectObservable.object_id == stored.object_id)))


def test_the_bytes_stay_exactly_as_they_came(program: Program) -> None:
    raw = an_indicator(name="é ").replace(b":", b" :  ", 1)
    with program.work(CONSOLE) as work:
        [stored] = put(work, taken(raw))

        body = work.session.get_one(ObjectContent, stored.version_id).body

    assert bytes(body) == raw


def test_answers_come_in_the_order_of_the_objects(program: Program) -> None:
    objects = [indicator(number) for number in (3, 1, 2, 1)]
    with program.work(CONSOLE) as work:
        stored = put(work, *objects)

    assert [one.stix_id for one in stored] == [one.stix_id for one in objects]
    assert [one.outcome for one in stored] == [Kept.NEW, Kept.NEW, Kept.NEW, Kept.KNOWN]
    assert stored[1].version_id == stored[3].version_id


def test_what_another_brought_since_it_was_looked_for_is_found_all_the_same(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        [first, _] = put(work, indicator(1), indicator(2))
    objects = [
        indicator(1),
        indicator(2, name="other bytes"),
        indicator(1, day=2),
        indicator(3),
    ]

    with program.work(CONSOLE) as work:
        absent = frozenset(one.stix_id for one in objects)
        known, conflict, later, new = put_many(work, objects, origin_id=None, absent=absent)
        newest = work.session.get_one(ObjectRow, first.object_id).newest_id

    assert (known.outcome, known.version_id) == (Kept.KNOWN, first.version_id)
    assert conflict.outcome is Kept.CONFLICT
    assert (later.outcome, later.object_id) == (Kept.NEW, first.object_id)
    assert newest == later.version_id
    assert new.outcome is Kept.NEW


def test_the_same_bytes_again_are_known(program: Program) -> None:
    with program.work(CONSOLE) as work:
        [first] = put(work, indicator())
        [again] = put(work, indicator())

    assert (first.outcome, again.outcome) == (Kept.NEW, Kept.KNOWN)
    assert first.version_id == again.version_id


def test_other_bytes_of_the_same_version_are_a_conflict_and_change_nothing(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        [first] = put(work, indicator())
        [other] = put(work, indicator(name="something else", tlp=Tlp.CLEAR))

        body = work.session.get_one(ObjectContent, first.version_id).body

        assert other.outcome is Kept.CONFLICT
        assert bytes(body) == indicator().raw
        assert effective(work, first) is Tlp.AMBER


@pytest.mark.parametrize("tlp", list(Tlp))
def test_an_object_has_the_level_that_its_bytes_state(program: Program, tlp: Tlp) -> None:
    with program.work(CONSOLE) as work:
        [stored] = put(work, indicator(tlp=tlp), default_tlp=Tlp.CLEAR)

        assert effective(work, stored) is tlp
        assert facts(work, stored).written_tlp is tlp


def test_the_strictest_of_object_and_granular_markings_counts(program: Program) -> None:
    granular = [{"marking_ref": marked(Tlp.AMBER_STRICT)[0], "selectors": ["name"]}]  # type: ignore[index]  # a level is given
    with program.work(CONSOLE) as work:
        [stored] = put(work, indicator(tlp=Tlp.GREEN, granular_markings=granular))

        assert effective(work, stored) is Tlp.AMBER_STRICT


@pytest.mark.parametrize(("default", "expected"), [(None, Tlp.AMBER), (Tlp.GREEN, Tlp.GREEN)])
def test_unmarked_bytes_take_the_default_given_else_amber(
    program: Program, default: Tlp | None, expected: Tlp
) -> None:
    with program.work(CONSOLE) as work:
        [stored] = put(work, indicator(), default_tlp=default)

        assert effective(work, stored) is expected
        assert facts(work, stored).written_tlp is None


def test_a_stricter_newer_version_governs_the_older_ones(program: Program) -> None:
    with program.work(CONSOLE) as work:
        [old] = put(work, indicator(tlp=Tlp.CLEAR, day=1))
        [new] = put(work, indicator(tlp=Tlp.AMBER_STRICT, day=2))

        assert effective(work, old) is Tlp.AMBER_STRICT
        assert effective(work, new) is Tlp.AMBER_STRICT
        assert facts(work, old).written_tlp is Tlp.CLEAR


def test_a_milder_newer_version_does_not_loosen_what_an_older_one_states(program: Program) -> None:
    with program.work(CONSOLE) as work:
        [old] = put(work, indicator(tlp=Tlp.AMBER_STRICT, day=1))
        [new] = put(work, indicator(tlp=Tlp.GREEN, day=2))

        assert effective(work, old) is Tlp.AMBER_STRICT
        assert effective(work, new) is Tlp.GREEN


def test_an_unmarked_newest_version_leaves_the_last_marked_one_in_charge(program: Program) -> None:
    with program.work(CONSOLE) as work:
        stored = put(
            work,
            indicator(tlp=Tlp.CLEAR, day=1),
            indicator(tlp=Tlp.AMBER_STRICT, day=2),
            indicator(day=3),
        )

        levels = [effective(work, one) for one in stored]

    assert levels == [Tlp.AMBER_STRICT, Tlp.AMBER_STRICT, Tlp.AMBER]


def test_an_older_version_that_comes_late_is_governed_too(program: Program) -> None:
    with program.work(CONSOLE) as work:
        [new] = put(work, indicator(tlp=Tlp.AMBER, day=2))
        [old] = put(work, indicator(tlp=Tlp.CLEAR, day=1))

        row = work.session.get_one(ObjectRow, new.object_id)

        assert effective(work, old) is Tlp.AMBER
        assert row.newest_id == new.version_id


def test_definitions_count_as_clear_and_resolve_what_comes_beside_and_after(
    program: Program,
) -> None:
    definition = taken(
        an_object(
            "marking-definition",
            modified=None,
            id=numbered("marking-definition", 7),
            definition_type="statement",
            definition={"statement": "Copyright"},
        )
    )
    one = indicator(1, object_marking_refs=[definition.stix_id])
    two = indicator(2, object_marking_refs=[definition.stix_id])
    with program.work(CONSOLE) as work:
        assert unresolved_markings(work.session, [one]) == {0: definition.stix_id}
        assert unresolved_markings(work.session, [one, definition]) == {}
        first, defined = put(work, one, definition)
        [second] = put(work, two)

        assert effective(work, defined) is Tlp.CLEAR
        assert effective(work, first) is effective(work, second) is Tlp.AMBER
        assert facts(work, first).written_tlp is None


def test_an_object_with_an_unknown_marking_is_never_stored(program: Program) -> None:
    stranger = numbered("marking-definition", 9)
    with pytest.raises(MarkingUnresolved, match=stranger), program.work(CONSOLE) as work:
        put(work, indicator(object_marking_refs=[stranger]))

    with program.work(CONSOLE, write=False) as work:
        query = sa.select(ObjectRow).where(ObjectRow.type == "indicator")
        assert work.session.scalars(query).all() == []


def test_only_the_newest_version_is_found_by_its_observables(program: Program) -> None:
    pattern = "[domain-name:value = 'new.example'] OR [domain-name:value = 'also.example']"
    with program.work(CONSOLE) as work:
        [stored] = put(work, indicator(day=1))
        before = observables(work, stored)
        put(work, indicator(day=3, pattern=pattern))
        after = observables(work, stored)
        put(work, indicator(day=2))
        late = observables(work, stored)

    assert before == ["198.51.0.1"]
    assert after == late == ["also.example", "new.example"]


def test_a_revoked_object_is_found_by_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        [stored] = put(work, indicator(day=1))
        put(work, indicator(day=2, revoked=True))

        row = work.session.get_one(ObjectRow, stored.object_id, populate_existing=True)

        assert observables(work, stored) == []
        assert row.revoked


def test_the_objects_row_mirrors_its_newest_version(program: Program) -> None:
    with program.work(CONSOLE) as work:
        old, new = put(
            work,
            indicator(day=1, name="one"),
            indicator(day=2, name="two", valid_until="2026-01-01T00:00:00Z"),
        )

        row = work.session.get_one(ObjectRow, old.object_id)

    assert (row.newest_id, row.name) == (new.version_id, "two")
    assert row.valid_until_us == 1_767_225_600_000_000


def test_both_ends_of_a_relationship_are_noted(program: Program) -> None:
    one, two = numbered("indicator", 1), numbered("malware", 2)
    with program.work(CONSOLE) as work:
        [stored] = put(work, relationship(one, two))

        query = sa.select(ObjectEnd.stix_id).where(ObjectEnd.version_id == stored.version_id)
        ends = set(work.session.scalars(query))

    assert ends == {one, two}


def test_the_first_bringer_stays_and_our_import_adds_that_we_vouch(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        [theirs] = put(work, indicator(), origin=peer)
        assert not facts(work, theirs).vouched
        [ours] = put(work, indicator())

        assert ours.outcome is Kept.KNOWN
        assert facts(work, ours).origin_id == peer.id
        assert facts(work, ours).vouched


def test_a_release_states_the_sector_of_what_it_names_only(program: Program) -> None:
    with program.work(CONSOLE) as work:
        one, two = put(work, indicator(1), indicator(2))
        state_sector(work, [one.version_id], "energy")

        assert facts(work, one).sector == "energy"
        assert facts(work, two).sector is None


def test_versions_with_equal_facts_share_one_row_of_them(program: Program) -> None:
    with program.work(CONSOLE) as work:
        stored = put(work, *(indicator(number) for number in range(1500)))

        rows = {facts(work, one).id for one in stored[::100]}
        held = work.session.scalar(sa.select(sa.func.count()).select_from(ObjectContent))

    assert len(rows) == 1
    assert held is not None
    assert held >= 1500


def test_two_transactions_that_bring_the_same_objects_store_them_once(program: Program) -> None:
    """Each puts them in another order; one waits for the other and then knows them."""
    objects = [indicator(number) for number in range(50)]
    outcomes: dict[str, list[Kept]] = {}
    start = threading.Barrier(2)

    def bring(name: str, mine: list[StixObject]) -> None:
        start.wait()
        with program.work(CONSOLE) as work:
            outcomes[name] = [one.outcome for one in put_many(work, mine, origin_id=None)]

    threads = [
        threading.Thread(target=bring, args=("a", objects)),
        threading.Thread(target=bring, args=("b", objects[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes["a"] + outcomes["b"]) == [Kept.KNOWN] * 50 + [Kept.NEW] * 50
    with program.work(CONSOLE, write=False) as work:
        count = sa.select(sa.func.count()).select_from(ObjectRow)
        assert work.session.scalar(count.where(ObjectRow.type == "indicator")) == 50


def test_two_transactions_that_bring_two_versions_agree_on_the_newest(program: Program) -> None:
    start = threading.Barrier(2)

    def bring(**version: Any) -> None:
        start.wait()
        with program.work(CONSOLE) as work:
            put(work, indicator(**version))

    threads = [
        threading.Thread(target=bring, kwargs={"day": 1, "tlp": Tlp.CLEAR}),
        threading.Thread(target=bring, kwargs={"day": 2, "tlp": Tlp.AMBER_STRICT}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with program.work(CONSOLE, write=False) as work:
        newest = sa.select(ObjectVersion.version_text).join(
            ObjectRow, ObjectRow.newest_id == ObjectVersion.id
        )
        query = newest.where(ObjectRow.type == "indicator")
        assert work.session.execute(query).scalar_one() == "2025-03-02T10:00:00.000Z"
        levels = (
            sa.select(ObjectFacts.tlp)
            .join(ObjectVersion, _FACTS)
            .where(ObjectFacts.type == "indicator")
        )
        assert set(work.session.scalars(levels)) == {Tlp.AMBER_STRICT}
