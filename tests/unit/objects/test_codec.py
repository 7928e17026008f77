"""What is drawn from an object, and that strict JSON is strict."""

import hashlib

import pytest

from cirt.objects.checking.strict_json import MAX_VALUES
from cirt.objects.codec import NO_VERSION, Refusal, StixObject, read
from cirt.objects.observables.kinds import Kind, Observable
from tests.support.stix import IDENTITY, INDICATOR, MALWARE, an_indicator, an_object, an_observable


def taken(raw: bytes) -> StixObject:
    result = read(raw)
    assert isinstance(result, StixObject), str(result)
    return result


def refused(raw: bytes) -> str:
    result = read(raw)
    assert isinstance(result, Refusal), result
    assert "{" not in str(result)
    assert result.raw == raw
    return result.code


def test_an_indicator_gives_its_facts() -> None:
    red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
    green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
    raw = an_indicator(
        modified="2025-03-01T10:00:00.123456789Z",
        created_by_ref=IDENTITY,
        revoked=True,
        valid_until="2025-03-02T10:00:00Z",
        object_marking_refs=[green],
        granular_markings=[
            {"selectors": ["name"], "marking_ref": red},
            {"selectors": ["pattern"], "lang": "en"},
        ],
    )

    obj = taken(raw)

    assert obj.raw == raw
    assert obj.sha256 == hashlib.sha256(raw).digest()
    assert (obj.stix_id, obj.type, obj.spec_version) == (INDICATOR, "indicator", "2.1")
    assert obj.version_text == "2025-03-01T10:00:00.123456789Z"
    assert obj.version_us == 1740823200123456
    assert obj.created_us == 1740823200000000
    assert obj.created_by_ref == IDENTITY
    assert obj.revoked
    assert obj.name == "C2 address"
    assert obj.marking_refs == (green,)
    assert obj.granular_refs == (red,)
    assert obj.valid_from_us == 1740823200000000
    assert obj.valid_until_us == 1740909600000000
    assert (obj.pattern_type, obj.pattern) == ("stix", "[ipv4-addr:value = '198.51.100.3']")
    assert obj.observables == (Observable(Kind.IPV4, "198.51.100.3"),)
    assert obj.warnings == ()


def test_an_object_without_dates_has_the_version_of_1970() -> None:
    obj = taken(an_observable("domain-name", value="bad.example"))

    assert (obj.version_text, obj.version_us, obj.created_us) == (NO_VERSION, 0, None)
    assert obj.observables == (Observable(Kind.DOMAIN, "bad.example"),)


def test_an_object_without_modified_has_the_version_of_its_creation() -> None:
    obj = taken(
        an_object(
            "marking-definition",
            modified=None,
            definition_type="statement",
            definition={"statement": "Ours"},
        )
    )

    assert obj.version_text == "2025-03-01T10:00:00.000Z"
    assert obj.version_us == obj.created_us == 1740823200000000


def test_the_ends_of_a_sighting_are_all_that_it_names() -> None:
    data = "observed-data--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"
    obj = taken(
        an_object(
            "sighting",
            sighting_of_ref=INDICATOR,
            where_sighted_refs=[IDENTITY],
            observed_data_refs=[data],
        )
    )

    assert obj.ends == (INDICATOR, IDENTITY, data)


def test_the_ends_of_a_relationship_are_source_and_target() -> None:
    obj = taken(
        an_object(
            "relationship",
            relationship_type="indicates",
            source_ref=INDICATOR,
            target_ref=MALWARE,
        )
    )

    assert obj.ends == (INDICATOR, MALWARE)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", ["192.0.2.1", "192.0.2.2"]),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", ["192.0.2.0/24"]),
        (
            "[domain-name:value = 'A.Example'] OR [url:value = 'http://b.example/']",
            ["a.example", "http://b.example/"],
        ),
        ("[file:hashes.MD5 = 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB']", ["b" * 32]),
        ("[network-traffic:dst_ref.value = '192.0.2.1']", ["192.0.2.1"]),
        ("[email-message:from_ref.value = 'a@b.example']", ["a@b.example"]),
        ("[domain-name:value NOT = 'a.example']", []),
        ("[domain-name:value != 'a.example']", []),
        ("[domain-name:value LIKE 'a.example']", []),
        ("[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']", []),
        ("[domain-name:value = 'a.example'] REPEATS 5 TIMES", []),
        ("[domain-name:value = 'not a domain']", []),
    ],
)
def test_a_pattern_names_observables_only_outright(pattern: str, found: list[str]) -> None:
    assert [seen.value for seen in taken(an_indicator(pattern=pattern)).observables] == found


def test_a_pattern_of_another_language_is_kept_and_not_read() -> None:
    obj = taken(an_indicator(pattern="rule x { condition: true }", pattern_type="yara"))

    assert obj.observables == ()
    assert obj.pattern == "rule x { condition: true }"


def test_hashes_of_a_file_and_the_cve_of_a_vulnerability_are_observables() -> None:
    file = taken(an_observable("file", name="x.exe", hashes={"MD5": "B" * 32, "SHA-1": "c" * 40}))
    hole = taken(
        an_object(
            "vulnerability",
            name="Something",
            external_references=[{"source_name": "cve", "external_id": "CVE-2024-1234"}],
        )
    )

    assert {seen.value for seen in file.observables} == {"x.exe", "b" * 32, "c" * 40}
    assert [seen.value for seen in hole.observables] == ["CVE-2024-1234"]


def test_a_long_name_is_cut_and_laid_in_one_line() -> None:
    obj = taken(an_indicator(name="a\n b" + "x" * 500))

    assert obj.name is not None
    assert obj.name.startswith("a bxx")
    assert len(obj.name) == 200


@pytest.mark.parametrize(
    ("piece", "code"),
    [
        (b'"x_a": 1, "x_a": 1', "duplicate-key"),
        (b'"x_a": {"b": [{"c": 1, "c": 2}]}', "duplicate-key"),
        (b'"x_a": 1, "x\\u005fa": 2', "duplicate-key"),
        (b'"x_a": null', "null-value"),
        (b'"x_a": {"b": null}', "null-value"),
        (b'"x_a": {"b": [1, null]}', "null-value"),
        (b'"x_a": "\\u0000"', "nul-character"),
        (b'"x_a": {"\\u0000": 1}', "nul-character"),
        (b'"x_a": NaN', "not-json"),
        (b'"x_a": 1e999', "not-json"),
        (b'"x_a": "\\ud800"', "not-json"),
        (b'"x_a": "\xff"', "not-json"),
        (b'"x_a": 9007199254740992', "number-too-large"),
        (b'"x_a": -' + b"9" * 40, "number-too-large"),
        (b'"x_a": ' + b"[" * 150 + b"1" + b"]" * 150, "too-deep"),
        (b'"x_a": ' + b"[" * 5000 + b"1" + b"]" * 5000, "too-deep"),
        (b'"x_a": ' + b'{"a":' * 500 + b"1" + b"}" * 500, "too-deep"),
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused(piece: bytes, code: str) -> None:
    assert refused(an_indicator()[:-1] + b", " + piece + b"}") == code


def test_an_object_has_a_hundred_thousand_values_and_no_more() -> None:
    others = an_indicator().count(b",")
    fits = b"[" + b"1," * (MAX_VALUES - others - 2) + b"1]"

    assert taken(an_indicator()[:-1] + b', "x_many": ' + fits + b"}")
    assert refused(an_indicator()[:-1] + b', "x_many": ' + fits[:-1] + b",1]}") == "too-many-values"


def test_values_are_counted_in_one_go_also_where_a_text_has_no_end() -> None:
    many = b'{"x_many": [' + b"1," * MAX_VALUES + b'1], "x_text": "' + rb"\"" * 1_000_000

    assert refused(many) == "too-many-values"


def test_commas_of_a_text_are_no_values() -> None:
    assert taken(an_indicator(description="," * 2 * MAX_VALUES + '\\",'))


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert taken(an_indicator(description="\\u0000"))


def test_wide_objects_are_not_deep_ones() -> None:
    assert taken(an_indicator(x_list=[[1], {"a": 2}] * 200))


@pytest.mark.parametrize("raw", [b"", b"[]", b"7", b"null", b'"text"', b"{", b"\x00", b"{} {}"])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    assert refused(raw) in ("not-json", "not-an-object")


def test_a_refusal_names_id_and_version_where_they_can_be_read() -> None:
    result = read(an_indicator(confidence=101))

    assert isinstance(result, Refusal)
    assert (result.stix_id, result.version_text) == (INDICATOR, "2025-03-01T10:00:00.000Z")
    assert str(result) == "The property confidence is 101; the maximum is 100."


@pytest.mark.parametrize(
    ("piece", "path"),
    [
        (b'"x_a": {"b": [1, {"c": null}]}', "x_a.b[1].c"),
        (b'"x_a": {"b": ["\\u0000"]}', "x_a.b[0]"),
        (b'"x_a": {"b\\u0000": 1}', "x_a.b\\u0000"),
    ],
)
def test_a_refusal_says_where_the_fault_stands(piece: bytes, path: str) -> None:
    result = read(an_indicator()[:-1] + b", " + piece + b"}")

    assert str(result).startswith(f"The property {path} ")
