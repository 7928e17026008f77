"""The rules for single objects: what is refused, what is taken with a word, what is taken."""

from typing import Any

import pytest

from cirt.objects.codec import Refusal, StixObject, read
from tests.support.stix import IDENTITY, INDICATOR, MALWARE, an_indicator, an_object, an_observable

RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
TLP2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
OWN = "extension-definition--04c6a1b2-7d3e-4f5a-9b8c-1d2e3f405162"
A_UUID = "9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"


def verdict(raw: bytes) -> str:
    """The code of the refusal, or ``taken``."""
    result = read(raw)
    return result.code if isinstance(result, Refusal) else "taken"


def warnings(raw: bytes) -> tuple[str, ...]:
    result = read(raw)
    assert isinstance(result, StixObject), str(result)
    return result.warnings


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": None}, "missing-property"),
        ({"type": 7}, "bad-type"),
        ({"type": "Indicator"}, "bad-type"),
        ({"type": "bundle"}, "inner-bundle"),
        ({"type": "malware"}, "id-not-of-type"),
        ({"id": None}, "bad-id"),
        ({"id": 7}, "bad-id"),
        ({"id": INDICATOR.upper()}, "bad-id"),
        ({"id": INDICATOR + "\n"}, "bad-id"),
        ({"id": INDICATOR[:-1]}, "bad-id"),
        ({"spec_version": None}, "stix-2-0"),
        ({"spec_version": "2.0"}, "stix-2-0"),
        ({"spec_version": "3.0"}, "bad-spec-version"),
        ({"spec_version": 2.1}, "bad-spec-version"),
        ({"created": None}, "missing-property"),
        ({"modified": None}, "missing-property"),
        ({"pattern": None}, "missing-property"),
        ({"valid_from": None}, "missing-property"),
        ({"pattern_type": None}, "missing-property"),
        ({"created": "2025-03-01 10:00:00Z"}, "bad-timestamp"),
        ({"created": "2025-02-30T10:00:00.000Z"}, "bad-timestamp"),
        ({"created": "2025-03-01T24:00:00.000Z"}, "bad-timestamp"),
        ({"created": "2025-03-01T10:00:00.Z"}, "bad-timestamp"),
        ({"created": "2025-03-01t10:00:00.000z"}, "bad-timestamp"),
        ({"created": "0000-03-01T10:00:00.000Z"}, "bad-timestamp"),
        ({"created": "٢٠٢٥-03-01T10:00:00.000Z"}, "bad-timestamp"),
        ({"modified": "2025-03-01T10:00:00.000+02:00"}, "bad-timestamp"),
        ({"created": 1740823200}, "bad-property"),
        ({"modified": "2025-03-01T09:59:59.999Z"}, "modified-before-created"),
        ({"valid_until": "2025-03-01T10:00:00Z"}, "time-order"),
        ({"valid_until": "2025-02-01T10:00:00Z"}, "time-order"),
        ({"created_by_ref": INDICATOR}, "bad-property"),
        ({"object_marking_refs": [IDENTITY]}, "bad-property"),
        ({"object_marking_refs": []}, "bad-property"),
        ({"object_marking_refs": RED}, "bad-property"),
        ({"labels": []}, "bad-property"),
        ({"labels": ["a", 5]}, "bad-property"),
        ({"extensions": {}}, "bad-property"),
        ({"extensions": {OWN: {"rank": 5}}}, "missing-property"),
        ({"extensions": {OWN: {"extension_type": "mine"}}}, "bad-property"),
        ({"revoked": "true"}, "bad-property"),
        ({"confidence": True}, "bad-property"),
        ({"confidence": -1}, "bad-property"),
        ({"confidence": 101}, "bad-property"),
        ({"confidence": 50.5}, "bad-property"),
        ({"name": 5}, "bad-property"),
        ({"external_references": [{"url": "https://a.example"}]}, "missing-property"),
        ({"kill_chain_phases": [{"kill_chain_name": "x"}]}, "missing-property"),
        ({"X-Foo": "bar"}, "bad-property-name"),
        ({"9x": "bar"}, "bad-property-name"),
        ({"pattern": "[ipv4-addr:value = '1.2.3.4'"}, "bad-pattern"),
        ({"granular_markings": [{"selectors": ["nothing"], "marking_ref": RED}]}, "bad-selector"),
        ({"granular_markings": [{"selectors": ["name.x"], "marking_ref": RED}]}, "bad-selector"),
        ({"granular_markings": [{"selectors": ["name"]}]}, "bad-property"),
        ({"granular_markings": [{"selectors": [], "marking_ref": RED}]}, "bad-property"),
        (
            {"granular_markings": [{"selectors": ["name"], "marking_ref": RED, "lang": "en"}]},
            "bad-property",
        ),
    ],
)
def test_an_indicator_is_refused_for_what_changes_its_meaning(
    changes: dict[str, Any], code: str
) -> None:
    assert verdict(an_indicator(**changes)) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"created": "2025-03-01T10:00:00Z", "modified": "2025-03-01T10:00:00Z"},
        {"modified": "2025-03-01T10:00:00.123456789Z"},
        {"created": "2024-02-29T10:00:00.1Z"},
        {"valid_from": "2016-12-31T23:59:60Z"},
        {"valid_until": "2025-03-01T10:00:00.001Z"},
        {"confidence": 0},
        {"pattern": "rule x { condition: true }", "pattern_type": "yara"},
        {"extensions": {OWN: {"extension_type": "property-extension", "rank": 5}}},
        {"granular_markings": [{"selectors": ["labels.[1]"], "lang": "en"}], "labels": ["a", "b"]},
        {"external_references": [{"source_name": "x", "description": "y"}]},
    ],
)
def test_an_indicator_is_taken_where_nothing_is_lost(changes: dict[str, Any]) -> None:
    assert verdict(an_indicator(**changes)) == "taken"
    assert warnings(an_indicator(**changes)) == ()


def test_a_selector_out_of_the_list_is_refused() -> None:
    marking = [{"selectors": ["labels.[2]"], "marking_ref": RED}]

    assert verdict(an_indicator(labels=["a", "b"], granular_markings=marking)) == "bad-selector"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"indicator_types": ["zzz"]}, "“zzz” is not in the vocabulary"),
        ({"x_mine": 1}, "custom properties: x_mine"),
        ({"pattern": "[app:id = 'a']"}, "unknown object types app"),
        (
            {"pattern": "[file:name = 'a' AND ipv4-addr:value = '1.2.3.4']"},
            "no single object fulfils",
        ),
        ({"pattern": "[file:name MATCHES '(a+)+']"}, "repeats a repetition"),
    ],
)
def test_odd_indicators_are_taken_with_a_word(changes: dict[str, Any], said: str) -> None:
    assert any(said in warning for warning in warnings(an_indicator(**changes)))


@pytest.mark.parametrize(
    ("stix_type", "properties", "code"),
    [
        ("malware", {"name": "m"}, "missing-property"),
        ("malware", {"is_family": True}, "missing-property"),
        ("malware", {"is_family": False}, "taken"),
        ("campaign", {"name": "c", "first_seen": "2025-01-02T00:00:00Z", "last_seen": "2025-01-01T00:00:00Z"}, "time-order"),
        ("campaign", {"name": "c", "first_seen": "2025-01-01T00:00:00Z", "last_seen": "2025-01-01T00:00:00Z"}, "taken"),
        ("report", {"name": "r", "published": "2025-03-01T10:00:00Z", "object_refs": []}, "bad-property"),
        ("report", {"name": "r", "published": "2025-03-01T10:00:00Z", "object_refs": ["x"]}, "bad-property"),
        ("grouping", {"context": "unspecified", "object_refs": [INDICATOR]}, "taken"),
        ("opinion", {"opinion": "perhaps", "object_refs": [INDICATOR]}, "bad-property"),
        ("opinion", {"opinion": "agree", "object_refs": [INDICATOR]}, "taken"),
        ("location", {"name": "nowhere"}, "one-needed"),
        ("location", {"latitude": 10.5}, "both-needed"),
        ("location", {"latitude": 91, "longitude": 0}, "bad-property"),
        ("location", {"country": "de"}, "taken"),
        ("malware-analysis", {"product": "p"}, "one-needed"),
        ("malware-analysis", {"product": "p", "result": "benign"}, "taken"),
        ("sighting", {"sighting_of_ref": INDICATOR, "count": 0}, "taken"),
        ("sighting", {"sighting_of_ref": INDICATOR, "count": -1}, "bad-property"),
        ("sighting", {"sighting_of_ref": f"ipv4-addr--{A_UUID}"}, "bad-end"),
        ("sighting", {"sighting_of_ref": f"relationship--{A_UUID}"}, "bad-end"),
        ("sighting", {"sighting_of_ref": INDICATOR, "where_sighted_refs": [MALWARE]}, "bad-property"),
        ("sighting", {"sighting_of_ref": INDICATOR, "summary": 1}, "bad-property"),
    ],
)  # fmt: skip
def test_each_type_has_its_rules(stix_type: str, properties: dict[str, Any], code: str) -> None:
    assert verdict(an_object(stix_type, **properties)) == code


@pytest.mark.parametrize("end", ["relationship", "sighting", "bundle", "marking-definition"])
@pytest.mark.parametrize("side", ["source_ref", "target_ref"])
def test_a_relationship_joins_no_relationships_or_markings(side: str, end: str) -> None:
    ends = {"source_ref": INDICATOR, "target_ref": MALWARE, side: f"{end}--{A_UUID}"}

    assert verdict(an_object("relationship", relationship_type="indicates", **ends)) == "bad-end"


def test_a_relationship_the_standard_does_not_know_is_taken_with_a_word() -> None:
    raw = an_object(
        "relationship", relationship_type="exploits", source_ref=INDICATOR, target_ref=IDENTITY
    )

    assert warnings(raw) == ("“indicator exploits identity” is not a relationship of the standard",)


@pytest.mark.parametrize(
    ("stix_type", "properties", "code"),
    [
        ("ipv4-addr", {"value": "198.51.100.3"}, "taken"),
        ("ipv4-addr", {"value": "198.51.100.0/24"}, "taken"),
        ("ipv4-addr", {"value": "999.1.1.1"}, "bad-address"),
        ("ipv6-addr", {"value": "2001:db8::/129"}, "bad-address"),
        ("ipv4-addr", {}, "missing-property"),
        ("ipv4-addr", {"value": "198.51.100.3", "spec_version": None}, "taken"),
        ("ipv4-addr", {"value": "198.51.100.3", "spec_version": "2.0"}, "stix-2-0"),
        ("file", {}, "one-needed"),
        ("file", {"hashes": {}}, "bad-property"),
        ("file", {"hashes": {"sha256": "a" * 64}}, "bad-hash-name"),
        ("file", {"hashes": {"SHA-256": "a" * 63}}, "bad-property"),
        ("file", {"hashes": {"IMPHASH": "a"}}, "taken"),
        ("file", {"name": "x", "size": -1}, "bad-property"),
        ("file", {"name": "x", "parent_directory_ref": f"file--{A_UUID}"}, "bad-property"),
        ("process", {}, "one-needed"),
        ("process", {"pid": 7}, "taken"),
        ("x509-certificate", {}, "one-needed"),
        ("network-traffic", {"protocols": ["tcp"]}, "one-needed"),
        ("network-traffic", {"protocols": ["tcp"], "src_ref": f"ipv4-addr--{A_UUID}", "dst_port": 65536}, "bad-property"),
        ("network-traffic", {"protocols": ["tcp"], "src_ref": f"ipv4-addr--{A_UUID}", "is_active": True, "end": "2025-01-01T00:00:00Z"}, "not-both"),
        ("artifact", {"payload_bin": "VBORw0KGgo="}, "bad-base64"),
        ("artifact", {"payload_bin": "AAAA"}, "taken"),
        ("artifact", {"payload_bin": "AAAA", "url": "https://a.example"}, "both-needed"),
        ("artifact", {"mime_type": "a/b"}, "one-needed"),
        ("email-message", {"is_multipart": True, "body": "x"}, "not-both"),
        ("windows-registry-key", {"key": "HKEY_LOCAL_MACHINE\\A", "values": [{"data_type": "REG_WORD"}]}, "bad-property"),
    ],
)  # fmt: skip
def test_observables_have_their_rules(
    stix_type: str, properties: dict[str, Any], code: str
) -> None:
    assert verdict(an_observable(stix_type, **properties)) == code


def test_an_id_that_is_not_the_computed_one_is_taken_with_a_word() -> None:
    right = an_observable(
        "ipv4-addr", id="ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", value="198.51.100.3"
    )
    wrong = right.replace(b"28bb3599", b"28bb3590")

    assert warnings(right) == ()
    assert warnings(wrong) == ("id is not the one that the standard computes from the content",)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"x_any": 1}, "taken"),
        ({"spec_version": None}, "stix-2-0"),
        ({"spec_version": None, "created": None, "modified": None}, "taken"),
        ({"modified": "yesterday"}, "bad-timestamp"),
        ({"extensions": {OWN: {"extension_type": "new-sdo"}}, "modified": None}, "missing-property"),
        ({"extensions": {OWN: {"extension_type": "new-sco"}}, "created": None, "modified": None, "spec_version": None}, "taken"),
        ({"extensions": "none"}, "bad-property"),
        ({"confidence": 300}, "bad-property"),
    ],
)  # fmt: skip
def test_unknown_types_are_kept_when_their_common_properties_hold(
    properties: dict[str, Any], code: str
) -> None:
    assert verdict(an_object("x-thing", **properties)) == code


def a_marking(**properties: Any) -> bytes:
    return an_object("marking-definition", **{"modified": None, **properties})


def tlp1(word: str, **properties: Any) -> bytes:
    return a_marking(definition_type="tlp", definition={"tlp": word}, **properties)


def tlp2(word: str, **properties: Any) -> bytes:
    extension = {"extension_type": "property-extension", "tlp_2_0": word}
    return a_marking(extensions={TLP2: extension}, **properties)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (tlp1("red", id=RED), "taken"),
        (tlp1("red", id=RED, name="TLP:RED"), "taken"),
        (tlp1("white", id=RED), "marking-contradicts"),
        (tlp1("red", id=RED, name="TLP:WHITE"), "marking-contradicts"),
        (tlp2("clear", id=RED), "marking-contradicts"),
        (a_marking(id=RED, definition_type="statement", definition={"statement": "x"}), "marking-contradicts"),
        (tlp2("red", id="marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"), "taken"),
        (tlp2("clear", id="marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"), "marking-contradicts"),
        (tlp1("red"), "marking-own-tlp"),
        (tlp2("red"), "taken"),
        (tlp2("purple"), "marking-unknown-level"),
        (a_marking(name="empty"), "marking-empty"),
        (a_marking(definition={"statement": "x"}), "both-needed"),
        (a_marking(definition_type="statement", definition={"statement": "x"}), "taken"),
        (tlp2("red", modified="2025-03-01T10:00:00.000Z"), "marking-versioned"),
        (tlp2("red", object_marking_refs=[f"marking-definition--{A_UUID}"]), "marks-itself"),
    ],
)  # fmt: skip
def test_nobody_redefines_or_blurs_a_marking(raw: bytes, code: str) -> None:
    assert verdict(raw) == code


def test_the_refusal_of_stix_2_0_says_so() -> None:
    assert str(read(an_indicator(spec_version=None))) == (
        "This is a STIX 2.0 object: its spec_version is missing. Send it as STIX 2.1."
    )


def test_of_many_faults_only_the_first_is_looked_at() -> None:
    """Each fault carries a copy of its dictionary: all of these would be gigabytes."""
    variables = {f"not a key {number}": "x" for number in range(5_000)}

    result = read(an_observable("process", environment_variables=variables))

    assert "has the key “not a key 0”" in str(result)
