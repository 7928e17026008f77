"""Finding and listing objects without their content."""

from datetime import timedelta

import sqlalchemy as sa

from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects import index
from cirt.objects.observables.kinds import Kind, canonical
from cirt.sharing.facts import StaffReader
from cirt.sharing.narrow import visible_facts
from tests.support.store import a_peer, indicator, put

EVERYTHING = sa.true()


def key_of(address: str) -> int:
    found = canonical(Kind.IPV4, address)
    assert found is not None
    return found.key


def matches(work: Work, *addresses: str, shown: sa.ColumnElement[bool] = EVERYTHING) -> list[str]:
    keys = [key_of(address) for address in addresses]
    found = index.matching(work.session, keys, to_us(work.now), shown)
    return [match.value for match in found]


def test_live_indicators_are_found_by_their_observables(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        put(work, indicator(1), indicator(2), origin=peer)
        keys = [key_of("198.51.0.1"), key_of("198.51.0.9")]

        [match] = index.matching(work.session, keys, to_us(work.now), EVERYTHING)

    assert (match.key, match.kind, match.value) == (keys[0], Kind.IPV4, "198.51.0.1")
    assert match.found.brought_by_id == peer.id
    assert match.found.stix_id == indicator(1).stix_id


def test_what_is_revoked_or_past_its_time_is_not_matched(program: Program) -> None:
    with program.work(CONSOLE) as work:
        soon = (work.now + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        put(
            work,
            indicator(1, day=1),
            indicator(1, day=2, revoked=True),
            indicator(2, valid_until=work.now.strftime("%Y-%m-%dT%H:%M:%SZ")),
            indicator(3, valid_until=soon),
        )

        assert matches(work, "198.51.0.1", "198.51.0.2", "198.51.0.3") == ["198.51.0.3"]


def test_what_the_reader_may_not_see_is_not_in_any_list_or_count(program: Program) -> None:
    analyst = StaffReader(1, frozenset({"content:read"}))
    with program.work(CONSOLE) as work:
        staff = visible_facts(analyst, None, work.now)
        _, red = put(work, indicator(1, tlp=Tlp.AMBER_STRICT), indicator(2, tlp=Tlp.RED))

        assert matches(work, "198.51.0.1", "198.51.0.2", shown=staff) == ["198.51.0.1"]
        assert index.count_of(work.session, ["indicator"], staff) == 1
        assert len(index.page_of(work.session, ["indicator"], staff)) == 1
        assert index.find_listed(work.session, red.stix_id, staff) is None
        assert index.find_listed(work.session, red.stix_id, EVERYTHING) is not None


def test_pages_continue_by_place_and_never_repeat_or_skip(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, *(indicator(number, day=1 + number % 2) for number in range(23)))
        seen: list[index.Listed] = []
        while True:
            after = seen[-1].place if seen else None
            page = index.page_of(work.session, ["indicator"], EVERYTHING, after=after, limit=5)
            if not page:
                break
            seen += page

        total = index.count_of(work.session, ["indicator"], EVERYTHING)

    assert len(seen) == len({one.stix_id for one in seen}) == total == 23
    assert [one.newest_us for one in seen] == sorted((one.newest_us for one in seen), reverse=True)


def test_versions_come_newest_first(program: Program) -> None:
    with program.work(CONSOLE) as work:
        stored = put(work, indicator(day=1), indicator(day=3), indicator(day=2))
        one = index.find_object(work.session, indicator().stix_id)
        assert one is not None

        versions = [version.id for version in index.versions_of(work.session, one.id)]

    assert versions == [stored[1].version_id, stored[2].version_id, stored[0].version_id]
