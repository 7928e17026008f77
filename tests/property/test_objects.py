"""Properties of splitting, reading and patterns that hold for every input."""

import json
from typing import Any

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from cirt.kernel.errors import Invalid
from cirt.objects.codec import Refusal, StixObject, read, split
from cirt.objects.observables.findings import observables_in_pattern
from cirt.objects.observables.kinds import Kind, canonical
from cirt.objects.patterns.lexer import PatternError, quote
from cirt.objects.patterns.parser import Pattern, parse
from cirt.objects.patterns.writing import NoPattern, pattern_for
from tests.support.stix import an_indicator

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SPACES = st.text(" \t\r\n", max_size=2).map(str.encode)


@st.composite
def written_objects(draw: st.DrawFn) -> bytes:
    """JSON objects as different programs write them."""
    obj = draw(st.dictionaries(TEXTS, VALUES, max_size=4))
    indent, ascii_only = draw(st.sampled_from([None, 0, 2])), draw(st.booleans())
    return json.dumps(obj, indent=indent, ensure_ascii=ascii_only).encode()


@given(st.lists(st.tuples(SPACES, written_objects(), SPACES)), st.booleans(), st.booleans())
def test_a_split_gives_back_every_object_to_the_byte(
    parts: list[tuple[bytes, bytes, bytes]], more: bool, is_broken: bool
) -> None:
    objects = [raw for _, raw, _ in parts]
    if is_broken:  # the slow way gives the same as the fast one
        parts = [*parts, (b" ", b"NaN", b" ")]
        objects = [*objects, b"NaN"]
    joined = b",".join(b"".join(part) for part in parts)

    assert (
        split(b'{"objects":[' + joined + b'],"more":' + str(more).lower().encode() + b"}")
        == objects
    )
    assert split(b"[" + joined + b"]") == objects


def outcome(body: bytes) -> list[bytes] | str:
    """The objects, or the sentence that refuses the body."""
    try:
        return split(body)
    except Invalid as error:
        return str(error)


@given(st.binary(max_size=200) | st.text('{}[],:"\\ 12aeobjcts', max_size=60).map(str.encode))
def test_no_bytes_make_split_or_read_fail_in_another_way(body: bytes) -> None:
    result = outcome(body)

    assert result or body.strip() in (b"{}", b"[]") or b"objects" in body
    if isinstance(result, list):
        assert all(piece in body for piece in result)
        assert all(isinstance(read(piece), StixObject | Refusal) for piece in result)


NAMES = [
    "type",
    "id",
    "spec_version",
    "created",
    "modified",
    "pattern",
    "granular_markings",
    "extensions",
]
NAMES += [
    "object_marking_refs",
    "external_references",
    "labels",
    "valid_from",
    "confidence",
    "name",
]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=3))
def test_no_value_in_any_place_makes_reading_fail(changes: dict[str, Any]) -> None:
    content = {**orjson.loads(an_indicator()), **changes}

    result = read(json.dumps(content).encode())

    if isinstance(result, Refusal):
        assert str(result)
    else:
        assert orjson.loads(result.raw) == content


@given(
    st.sampled_from(
        sorted({"marking-definition", "file", "location", "incident", "x-thing", "sighting"})
    ),
    st.dictionaries(
        TEXTS | st.sampled_from([*NAMES, "hashes", "definition", "definition_type"]), VALUES
    ),
)
def test_no_object_of_any_type_makes_reading_fail(
    stix_type: str, properties: dict[str, Any]
) -> None:
    head = {"type": stix_type, "id": f"{stix_type}--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"}
    times = {"created": "2025-03-01T10:00:00.000Z", "modified": "2025-03-01T10:00:00.000Z"}

    result = read(json.dumps({**head, "spec_version": "2.1", **times, **properties}).encode())

    assert isinstance(result, StixObject) or str(result)


@given(st.sampled_from(Kind), st.text(max_size=60))
def test_a_pattern_made_for_an_observable_names_it(kind: Kind, text: str) -> None:
    observable = canonical(kind, text)
    if observable is None:
        return
    try:
        pattern = parse(pattern_for(observable))
    except NoPattern:
        assert kind is Kind.CVE
        return
    assert isinstance(pattern, Pattern)
    if kind is not Kind.FILE_PATH:  # mixed slashes have no one spelling
        assert observable in list(observables_in_pattern(pattern))


@given(st.text())
def test_any_text_survives_being_quoted(text: str) -> None:
    pattern = parse(f"[a:b = {quote(text)}]")

    assert isinstance(pattern, Pattern)
    assert pattern.comparisons[0].literals[0].value == text


WORDS = [
    "[",
    "]",
    "(",
    ")",
    "a:b",
    "=",
    "'x'",
    "1",
    "AND",
    "OR",
    "NOT",
    "IN",
    ",",
    "EXISTS",
    "WITHIN",
    "SECONDS",
]


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=80))
def test_no_text_makes_the_pattern_parser_fail(text: str) -> None:
    result = parse(text)

    assert isinstance(result, Pattern) or str(result)
    assert isinstance(result, Pattern | PatternError)


WORDED = st.sampled_from(["a", "a-b", "IN", "_x9", "true", "t", "a--"])
STEPS = WORDED | st.sampled_from(["'SHA-256'", "''", "'.'", "'IN'", "b'QUJD'", "'\\''", "[*]"])
SIGNS = st.sampled_from(["=", " = ", "==", " !=", "  = ", "\n="])
TESTED = st.sampled_from(["'x'", "''", "'a\\'b'", "'a\\\\'", "'//'", "'\n'", "1", "t'x'", "'x"])


@given(WORDED, st.lists(STEPS, min_size=1, max_size=3), SIGNS, TESTED)
def test_one_test_is_read_as_the_parser_reads_it(
    kind: str, steps: list[str], sign: str, value: str
) -> None:
    pattern = f"[{kind}:{'.'.join(steps)}{sign}{value}]"

    in_parentheses = parse(f"[({pattern[1:-1]})]")  # only the parser reads these

    if isinstance(in_parentheses, Pattern):
        assert parse(pattern) == in_parentheses
    else:
        assert isinstance(parse(pattern), PatternError)


TWICE = [
    '"a": 1',
    '"a": {"b": 1, "b" :2}',
    '"a": null',
    '"a": "\\""',
    '"\\u0061":"n"',
    '"c": "null"',
]


@given(written_objects(), st.lists(st.sampled_from(TWICE), max_size=3))
def test_keys_given_twice_and_nulls_are_found_however_they_are_written(
    written: bytes, more: list[str]
) -> None:
    raw = ("{" + "".join(f"{each}," for each in more) + '"d":' + written.decode() + "}").encode()
    pairs: list[tuple[str, Any]] = []
    twice: list[bool] = []

    def note(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.extend(found)
        twice.append(len(dict(found)) < len(found))
        return dict(found)

    json.loads(raw, object_pairs_hook=note)
    refusal = read(raw)

    assert isinstance(refusal, Refusal)
    assume(refusal.code not in {"not-json", "number-too-large"})
    is_wrong = any(twice) or any(value is None for _, value in pairs)
    assert (refusal.code in {"duplicate-key", "null-value"}) == is_wrong
