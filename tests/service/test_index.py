"""Finding and listing objects without their content."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.kernel import schema
from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects import index
from cirt.objects.codec import StixObject
from cirt.objects.models import ObjectObservable
from cirt.objects.observables.kinds import Kind, Observable, canonical
from cirt.register.extract import find
from cirt.sharing.facts import StaffReader
from cirt.sharing.narrow import visible_facts
from tests.support.stix import an_indicator, an_observable
from tests.support.store import a_peer, indicator, put, taken

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


def looking_for(pattern: str) -> StixObject:
    return taken(an_indicator(pattern=pattern))


def stating(stix_type: str, **properties: object) -> StixObject:
    return taken(an_observable(stix_type, **properties))


def meets(work: Work, asked: Iterable[Observable]) -> list[str]:
    keys = index.keys_meeting(work.session, asked)
    return [one.value for one in index.matching(work.session, keys, to_us(work.now), EVERYTHING)]


SHA256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
# (what an object says, what somebody writes), the same thing in two spellings
SPELLINGS: list[tuple[StixObject, str]] = [
    (looking_for("[ipv4-addr:value = '198.51.100.7/32']"), "198[.]51[.]100[.]7"),
    (looking_for("[ipv6-addr:value = '::ffff:198.51.100.7']"), "198.51.100.7"),
    (looking_for("[ipv6-addr:value = '2001:0DB8:0:0::0:1']"), "2001:db8::1"),
    (stating("ipv6-addr", value="2001:DB8::1/128"), "[2001:db8::1]:443"),
    (looking_for("[network-traffic:dst_ref.value = '198.51.100.7']"), "198.51.100.7:8080"),
    (looking_for("[domain-name:value = 'BAD.Example.']"), "bad[.]example"),
    (looking_for("[domain-name:value = 'bücher.example']"), "xn--bcher-kva.example"),
    (stating("domain-name", value="XN--BCHER-KVA.example"), "bücher.example"),
    (looking_for("[url:value = 'HTTPS://Bad.Example:443/a']"), "https://bad.example/a"),
    (looking_for("[url:value = 'http://[2001:DB8::1]:80/']"), "http://[2001:db8::1]/"),
    (looking_for("[email-addr:value = 'Jane@BAD.example']"), "jane@bad.example"),
    (looking_for("[email-message:sender_ref.value = 'jane@bad.example']"), "Jane@bad.example"),
    (looking_for(f"[file:hashes.'SHA-256' = '{SHA256}']"), SHA256.lower()),
    (looking_for(f"[file:hashes.MD5 IN ('{MD5.upper()}')]"), MD5),
    (looking_for(f"[file:hashes.sha256 = '{SHA256}']"), SHA256.lower()),
    (looking_for(f"[x509-certificate:hashes.'SHA-256' = '{SHA256}']"), SHA256.lower()),
    (looking_for(f"[process:image_ref.hashes.MD5 = '{MD5}']"), MD5),
    (looking_for("[email-message:to_refs[*].value = 'jane@bad.example']"), "jane@bad.example"),
    (stating("x509-certificate", hashes={"MD5": MD5.upper()}), MD5),
    (stating("file", hashes={"SHA-256": SHA256}), SHA256.lower()),
    (stating("vulnerability", name="cve-2024-1234", id="vulnerability--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10", created="2025-03-01T10:00:00Z", modified="2025-03-01T10:00:00Z"), "CVE-2024-1234"),
    (stating("autonomous-system", number=64500), "AS64500"),
]  # fmt: skip


def test_what_is_written_in_another_spelling_is_found(program: Program) -> None:
    with program.work(CONSOLE) as work:
        for number, (stored, text) in enumerate(SPELLINGS):
            written = [found.observable for found in find(text)]
            put(work, stored)

            assert meets(work, written) != [], (number, text)
            work.session.rollback()


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (Kind.MAC, "D2-FB-49-24-37-18", "d2fb.4924.3718"),
        (Kind.REGISTRY_KEY, "HKLM\\Software\\Evil", "hkey_local_machine\\software\\EVIL"),
        (Kind.FILE_NAME, "Evil.EXE", "evil.exe"),
        (Kind.FILE_PATH, "C:\\Temp\\A.exe", "c:\\temp\\a.EXE"),
        (Kind.ASN, "AS 64500", "64500"),
    ],
)
def test_two_spellings_of_one_thing_have_one_key(kind: Kind, one: str, other: str) -> None:
    first, second = canonical(kind, one), canonical(kind, other)

    assert first
    assert second
    assert first.key == second.key


def test_hashes_of_the_same_length_stay_apart(program: Program) -> None:
    """SHA3-256 is no SHA-256, though both have 64 digits."""
    with program.work(CONSOLE) as work:
        put(work, looking_for(f"[file:hashes.'SHA3-256' = '{SHA256}']"))

        assert meets(work, [observable(Kind.SHA256, SHA256)]) == []


def observable(kind: Kind, text: str) -> Observable:
    found = canonical(kind, text)
    assert found is not None
    return found


STORED = (
    "198.51.100.7", "198.51.100.0/24", "198.51.0.0/16", "198.51.100.128/25", "198.51.101.7", "203.0.113.1",
    "2001:db8::1", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db9::1", "0.0.0.0/0",
)  # fmt: skip
MEETINGS = {
    "198.51.100.7": {"198.51.100.7", "198.51.100.0/24", "198.51.0.0/16", "0.0.0.0/0"},
    "198.51.100.200": {"198.51.100.0/24", "198.51.100.128/25", "198.51.0.0/16", "0.0.0.0/0"},
    "198.51.100.0/24": {"198.51.100.7", "198.51.100.0/24", "198.51.100.128/25", "198.51.0.0/16", "0.0.0.0/0"},
    "198.51.100.0/23": {"198.51.100.7", "198.51.101.7", "198.51.100.0/24", "198.51.100.128/25", "198.51.0.0/16", "0.0.0.0/0"},
    "203.0.113.0/31": {"203.0.113.1", "0.0.0.0/0"},
    "192.0.2.1": {"0.0.0.0/0"},
    "2001:db8::1": {"2001:db8::1", "2001:db8::/32"},
    "2001:db8:0:1::5": {"2001:db8::/32", "2001:db8:0:1::/64"},
    "2001:db8::/48": {"2001:db8::1", "2001:db8::/32", "2001:db8:0:1::/64"},
    "2001:db8::/31": {"2001:db8::1", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db9::1"},
    "2001:dba::1": set(),
}  # fmt: skip


def test_addresses_meet_the_networks_that_hold_them_and_networks_what_lies_within(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        for number, value in enumerate(STORED):
            kind = "ipv6-addr" if ":" in value else "ipv4-addr"
            op = "ISSUBSET" if "/" in value else "="
            stix_id = f"indicator--{number:08x}-7d0a-4a53-9b36-0c0d3c4e2a10"
            put(work, taken(an_indicator(id=stix_id, pattern=f"[{kind}:value {op} '{value}']")))

        for text, expected in MEETINGS.items():
            kind = Kind.IPV6 if ":" in text else Kind.IPV4
            assert set(meets(work, [observable(kind, text)])) == expected, text


def test_a_network_full_of_addresses_names_no_more_than_a_query_can_hold(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_MOST_WITHIN", 3)
    with program.work(CONSOLE) as work:
        put(work, *(indicator(number) for number in range(1, 8)))
        asked = [observable(Kind.IPV4, "198.51.0.0/24"), observable(Kind.IPV4, "198.51.0.0/25")]

        assert meets(work, asked) == ["198.51.0.1", "198.51.0.2", "198.51.0.3"]


def test_the_step_to_ordered_keys_computes_those_of_the_program(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, indicator(1), looking_for("[ipv6-addr:value ISSUBSET '2001:db8::/32']"))
        put(work, stating("domain-name", value="bad.example"))

    schema.downgrade(program.engine, "0001")
    before = stored_keys(program)
    schema.upgrade(program.engine)

    assert [key == own.key for own, key in before] == [own.kind is Kind.DOMAIN for own, _ in before]
    assert [key for _, key in stored_keys(program)] == [own.key for own, _ in before]


def stored_keys(program: Program) -> list[tuple[Observable, int]]:
    with program.work(CONSOLE, write=False) as work:
        rows = work.session.execute(
            sa.select(ObjectObservable.kind, ObjectObservable.value, ObjectObservable.key).order_by(
                ObjectObservable.value
            )
        ).all()
    assert len(rows) == 3
    return [(Observable(kind, value), key) for kind, value, key in rows]
