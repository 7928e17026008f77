"""Objects of ours: what is written, what a new version may change, what a revocation carries."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
import stix2

from cirt.kernel.tlp import Tlp
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.markings import TLP2_REFS
from tests.support.stix import IDENTITY, INDICATOR, MALWARE, an_indicator, an_object, an_observable

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RED = TLP2_REFS[Tlp.RED]
GREEN = TLP2_REFS[Tlp.GREEN]
ADDRESS = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"


def an_own_indicator(**changes: Any) -> StixObject:
    arguments = {
        "pattern": "[domain-name:value = 'bad.example']",
        "creator": IDENTITY,
        "at": NOON,
        "valid_from": NOON,
        "tlp": Tlp.AMBER,
        "stix_id": INDICATOR,
        **changes,
    }
    return build.new_indicator(**arguments)


def test_an_indicator_is_written_compactly_and_in_full() -> None:
    obj = an_own_indicator(name="C2", confidence=85, valid_until=NOON + timedelta(days=90))

    assert obj.raw == (
        b'{"type":"indicator","spec_version":"2.1","id":"' + INDICATOR.encode() + b'",'
        b'"created_by_ref":"' + IDENTITY.encode() + b'",'
        b'"created":"2026-03-01T12:00:00.000Z","modified":"2026-03-01T12:00:00.000Z","name":"C2",'
        b'"pattern":"[domain-name:value = \'bad.example\']","pattern_type":"stix","pattern_version":"2.1",'
        b'"valid_from":"2026-03-01T12:00:00.000Z","valid_until":"2026-05-30T12:00:00.000Z","confidence":85,'
        b'"object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}'
    )
    assert obj.warnings == ()


def test_the_library_that_most_peers_use_reads_what_we_write() -> None:
    written = [
        an_own_indicator(name="C2", labels=["a"], external_references=[{"source_name": "s", "external_id": "1"}]),
        build.new_sighting(of=INDICATOR, creator=IDENTITY, at=NOON, count=0, where=[IDENTITY], first_seen=NOON, last_seen=NOON, tlp=Tlp.GREEN),
        build.new_identity(name="EX-CIRT", at=NOON, sectors=["government"]),
        build.new_relationship(source=INDICATOR, kind="indicates", target=MALWARE, creator=IDENTITY, at=NOON, tlp=Tlp.CLEAR),
    ]  # fmt: skip
    written += [build.revoked_version(obj.raw, NOON) for obj in written]
    written += [build.bare_revocation(obj.raw, NOON) for obj in written[:4]]
    for obj in written:
        theirs = stix2.parse(obj.raw, allow_custom=False, version="2.1")
        assert theirs["id"] == obj.stix_id


def test_ids_are_random_unless_given() -> None:
    first, second = (an_own_indicator(stix_id=None) for _ in range(2))

    assert first.stix_id != second.stix_id
    assert first.stix_id[len("indicator--") + 14] == "4"


def test_our_identity_is_its_own_creator() -> None:
    obj = build.new_identity(name="EX-CIRT", at=NOON)

    assert obj.created_by_ref == obj.stix_id


def test_times_are_written_in_utc_and_naive_ones_refused() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=3))) + timedelta(microseconds=1)

    assert an_own_indicator(at=there).version_text == "2026-03-01T12:00:00.000001Z"
    with pytest.raises(ValueError, match="aware"):
        an_own_indicator(at=NOON.replace(tzinfo=None))


def test_a_sighting_answers_under_the_marking_of_its_object() -> None:
    obj = build.new_sighting(
        of=INDICATOR, creator=IDENTITY, at=NOON, marking_refs=[RED, GREEN, RED]
    )

    assert obj.marking_refs == (RED, GREEN)
    assert obj.ends == (INDICATOR,)


@pytest.mark.parametrize(
    "changes",
    [
        {"pattern": "bad.example"},
        {"valid_until": NOON},
        {"confidence": 101},
        {"creator": "EX-CIRT"},
        {"stix_id": "indicator--1"},
        {"name": "a\0b"},
    ],
)
def test_what_we_would_not_take_we_do_not_write(changes: dict[str, Any]) -> None:
    with pytest.raises(build.ObjectWrong):
        an_own_indicator(**changes)


def test_a_pattern_that_nothing_can_fulfil_is_not_written() -> None:
    with pytest.raises(build.PatternCrossesTypes):
        an_own_indicator(pattern="[file:name = 'a' AND ipv4-addr:value = '192.0.2.1']")


def test_a_new_version_keeps_what_it_does_not_change() -> None:
    old = an_own_indicator(name="C2", description="long", confidence=50)

    new = build.new_version(
        old.raw, {"confidence": 90, "description": None}, NOON + timedelta(hours=1)
    )

    assert new.version_text == "2026-03-01T13:00:00.000Z"
    expected = old.content() | {"confidence": 90, "modified": new.version_text}
    del expected["description"]
    assert new.content() == expected


@pytest.mark.parametrize(
    "moment", [NOON, NOON - timedelta(days=1), NOON + timedelta(microseconds=5)]
)
def test_a_new_version_is_always_later_by_a_millisecond(moment: datetime) -> None:
    new = build.new_version(an_own_indicator().raw, {"name": "x"}, moment)

    assert new.version_text == "2026-03-01T12:00:00.001Z"


def test_odd_spelling_of_creation_survives_versions() -> None:
    raw = an_indicator(created="2025-03-01T10:00:00Z", x_mine={"a": 1.5})

    new = build.new_version(raw, {"name": "x"}, NOON)

    assert new.content()["created"] == "2025-03-01T10:00:00Z"
    assert new.content()["x_mine"] == {"a": 1.5}


@pytest.mark.parametrize(
    "name", ["id", "type", "created", "created_by_ref", "spec_version", "modified"]
)
def test_a_new_version_cannot_change_whose_it_is(name: str) -> None:
    with pytest.raises(build.FixedProperty, match=name):
        build.new_version(an_own_indicator().raw, {name: "x"}, NOON)


def test_a_revoked_object_has_no_later_version() -> None:
    last = build.revoked_version(an_own_indicator().raw, NOON)

    assert last.revoked
    for act in (build.revoked_version, build.bare_revocation):
        with pytest.raises(build.AlreadyRevoked):
            act(last.raw, NOON)
    with pytest.raises(build.AlreadyRevoked):
        build.new_version(last.raw, {"name": "x"}, NOON)


@pytest.mark.parametrize(
    "raw",
    [
        an_observable("domain-name", value="bad.example"),
        an_object("marking-definition", modified=None, definition_type="statement", definition={"statement": "x"}),
    ],
)  # fmt: skip
def test_observables_and_markings_have_no_versions(raw: bytes) -> None:
    with pytest.raises(build.NotVersioned):
        build.new_version(raw, {}, NOON)


def test_a_bare_revocation_carries_what_the_standard_demands_and_the_markings() -> None:
    raw = an_indicator(
        created_by_ref=IDENTITY,
        description="secret",
        labels=["secret"],
        x_secret="secret",
        confidence=5,
        external_references=[{"source_name": "secret", "description": "secret"}],
        object_marking_refs=[GREEN],
        granular_markings=[
            {"selectors": ["description"], "marking_ref": RED},
            {"selectors": ["name"], "lang": "en"},
        ],
    )

    bare = build.bare_revocation(raw, NOON)

    assert bare.content() == {
        "type": "indicator",
        "spec_version": "2.1",
        "id": INDICATOR,
        "created": "2025-03-01T10:00:00.000Z",
        "created_by_ref": IDENTITY,
        "modified": "2026-03-01T12:00:00.000Z",
        "pattern": "[ipv4-addr:value = '198.51.100.3']",
        "pattern_type": "stix",
        "valid_from": "2025-03-01T10:00:00Z",
        "object_marking_refs": [GREEN, RED],
        "revoked": True,
    }


@pytest.mark.parametrize(
    ("stix_type", "properties", "kept"),
    [
        ("location", {"latitude": 1.0, "longitude": 2.0, "city": "x"}, {"latitude", "longitude"}),
        ("location", {"country": "de", "city": "x"}, {"country"}),
        ("malware", {"is_family": True, "name": "m", "aliases": ["x"]}, {"is_family", "name"}),
        ("malware", {"is_family": False, "name": "m"}, {"is_family"}),
        ("x-thing", {"x_secret": 1}, set()),
        ("observed-data", {"first_observed": "2025-03-01T10:00:00Z", "last_observed": "2025-03-01T10:00:00Z", "number_observed": 1, "object_refs": [ADDRESS], "labels": ["x"]}, {"first_observed", "last_observed", "number_observed", "object_refs"}),
    ],
)  # fmt: skip
def test_a_bare_revocation_is_valid_for_every_type(
    stix_type: str, properties: dict[str, Any], kept: set[str]
) -> None:
    bare = build.bare_revocation(an_object(stix_type, **properties), NOON)

    common = {"type", "spec_version", "id", "created", "modified", "revoked"}
    assert bare.content().keys() == common | kept


def test_an_extension_that_makes_a_type_stays_without_its_content() -> None:
    key = "extension-definition--04c6a1b2-7d3e-4f5a-9b8c-1d2e3f405162"
    raw = an_object("a-thing", extensions={key: {"extension_type": "new-sdo", "secret": 1}})

    bare = build.bare_revocation(raw, NOON)

    assert bare.content()["extensions"] == {key: {"extension_type": "new-sdo"}}


def test_the_bytes_are_the_json_of_the_content() -> None:
    obj = an_own_indicator()

    assert orjson.dumps(obj.content()) == obj.raw
