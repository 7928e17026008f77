"""Our reading of patterns beside that of stix2-patterns: labelled, real and generated ones.

Where the two differ, ``why_they_differ`` gives the reason; there are no others.
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.inspector import INDEX_STAR
from stix2patterns.v21.pattern import Pattern as Oracle
from stix2patterns.validator import run_validator

from cirt.objects.codec import Refusal, read
from cirt.objects.patterns.lexer import quote
from cirt.objects.patterns.parser import Comparison, Pattern, parse
from tests.support.samples import needs_samples, sample_json, samples
from tests.support.stix import an_indicator

_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")


def refusal(text: str) -> str:
    """Why an indicator with this pattern is refused; "" if it is taken."""
    result = read(an_indicator(pattern=text))
    return str(result) if isinstance(result, Refusal) else ""


def why_they_differ(text: str, ours: str, theirs: str) -> str | None:
    if "a date that exists" in ours:
        return "they take 30 February"
    if "regular expression without" in ours:
        return "they do not look at regular expressions"
    if "at most 19 digits" in ours:
        return "a number that no program can compare"
    if (
        not ours
        and "hash" in theirs
        and re.search(r"hashes\.\S+ (?:NOT )?(?:IN|LIKE|MATCHES)", text)
    ):
        return "they take a set or a part of hashes for one hash"
    return None


def compare(text: str) -> None:
    """Both refuse, or both take and find the same tests."""
    ours, theirs = refusal(text), "; ".join(run_validator(text, "2.1"))
    if bool(ours) != bool(theirs):
        assert why_they_differ(text, ours, theirs), (text, ours, theirs)
    elif not ours:
        pattern = parse(text)
        assert isinstance(pattern, Pattern)
        assert _found(pattern) == _found_by_them(text)


def _found(pattern: Pattern) -> list[tuple[str, tuple[str, ...], str]]:
    """They do not list tests for existence."""
    tests = (test for test in pattern.comparisons if test.op != "EXISTS")
    return sorted((test.object_type, test.path, _op(test)) for test in tests)


def _op(test: Comparison) -> str:
    return f"NOT {test.op}" if test.negated else test.op


def _found_by_them(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    same = {"==": "=", "<>": "!="}
    found: dict[str, list[tuple[list[Any], str, str]]] = Oracle(text).inspect().comparisons
    return sorted(
        (
            object_type,
            tuple(map(_step, path)),
            " ".join(same.get(word, word) for word in op.split()),
        )
        for object_type, tests in found.items()
        for path, op, _ in tests
    )


def _step(step: Any) -> str:
    if step is INDEX_STAR:
        return "[*]"
    return f"[{step}]" if isinstance(step, int) else str(step)


@needs_samples
def test_labelled_patterns_are_read_as_they_read_them() -> None:
    labelled = sample_json("labelled/patterns.json")

    for text in labelled["valid"]:
        assert refusal(text) == ""
        compare(text)
    for text, _ in labelled["invalid"]:
        assert refusal(text)
        compare(text)


@needs_samples
def test_every_shape_of_real_patterns_is_read_as_they_read_it() -> None:
    shapes: dict[str, str] = {}
    taken = 0
    for path in sorted(samples().glob("*/*.json")):
        for found in re.finditer(r'"pattern":\s*("(?:[^"\\]|\\.)*")', path.read_text("utf-8")):
            text = json.loads(found[1])
            if text.startswith(("[", "(")):
                shapes.setdefault(_TEXT.sub("''", text), text)
                taken += isinstance(parse(text), Pattern)

    assert taken > 3000
    assert len(shapes) > 90
    for text in shapes.values():
        compare(text)


_TYPES = st.sampled_from(["file", "ipv4-addr", "x-a-b", "_a", "network-traffic", "LIKEness", "in"])
_KEYS = st.sampled_from(["value", "name", "a_b", "'SHA-256'", "'it\\'s'", "''", "Or", "size"])
_STEPS = st.one_of(_KEYS.map(".{}".format), st.sampled_from(["[*]", "[0]", "[12]"]))
_PATHS = st.builds(
    lambda owner, key, steps: f"{owner}:{key}{''.join(steps)}",
    _TYPES,
    _KEYS,
    st.lists(_STEPS, max_size=2),
)
_STRINGS = st.text("ab '\\%_/*é", max_size=5).map(quote)
_TIMES = st.sampled_from(["t'2025-01-01T00:00:00Z'", "t'2025-12-31T23:59:59.123Z'"])
_NUMBERS = st.one_of(
    st.integers(-999, 999).map(str),
    st.sampled_from(["+1", "0", "-0", "1.5", ".5", "-0.25", "+0.0"]),
)
_ORDERED = st.one_of(
    _STRINGS, _NUMBERS, _TIMES, st.sampled_from(["h'ff0A'", "h''", "b'AA=='", "b'QUJD'"])
)
_LITERALS = st.one_of(_ORDERED, st.sampled_from(["true", "false"]))
_NOT = st.sampled_from(["", "", " NOT"])
_SETS = st.lists(_LITERALS, max_size=3).map(lambda items: f"({', '.join(items)})")
_TESTS = st.one_of(
    st.builds("{}{} {} {}".format, _PATHS, _NOT, st.sampled_from(["=", "!=", "==", "<>"]), _LITERALS),
    st.builds("{}{} {} {}".format, _PATHS, _NOT, st.sampled_from(["<", ">", "<=", ">="]), _ORDERED),
    st.builds("{}{} IN {}".format, _PATHS, _NOT, _SETS),
    st.builds("{}{} {} {}".format, _PATHS, _NOT, st.sampled_from(["LIKE", "ISSUBSET", "ISSUPERSET"]), _STRINGS),
    st.builds("{}EXISTS {}".format, st.sampled_from(["", "NOT "]), _PATHS),
)  # fmt: skip
_INSIDE = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.builds("{} AND {}".format, inner, inner),
        st.builds("{} OR {}".format, inner, inner),
        inner.map("({})".format),
    ),
    max_leaves=4,
)
_QUALIFIERS = st.sampled_from(
    ["", "", " WITHIN 5 SECONDS", " WITHIN 0.5 SECONDS", " REPEATS 3 TIMES",
     " START t'2025-01-01T00:00:00Z' STOP t'2025-01-02T00:00:00Z'", " WITHIN 5 SECONDS REPEATS 2 TIMES"]
)  # fmt: skip
_WHOLE = st.recursive(
    st.builds("[{}]{}".format, _INSIDE, _QUALIFIERS),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "OR", "FOLLOWEDBY"]), inner),
        st.builds("({}){}".format, inner, _QUALIFIERS),
    ),
    max_leaves=3,
)


@given(_WHOLE)
def test_what_follows_the_grammar_is_read_as_they_read_it(text: str) -> None:
    assert refusal(text) == ""
    compare(text)


_PIECES = re.compile(r"'(?:[^'\\]|\\.)*'|\w+|\s+|.")


@given(_WHOLE, st.data())
def test_what_is_nearly_a_pattern_is_judged_as_they_judge_it(
    text: str, data: st.DataObject
) -> None:
    """One piece is left out, doubled, moved or replaced."""
    pieces = _PIECES.findall(text)
    at = data.draw(st.integers(0, len(pieces) - 1))
    other = data.draw(st.sampled_from([*pieces, "NOT", "-", "'", "IN", "/*", "9", "t", "''", "!"]))
    change = data.draw(st.sampled_from(["out", "twice", "instead", "before"]))
    changed = {
        "out": [],
        "twice": [pieces[at]] * 2,
        "instead": [other],
        "before": [other, " ", pieces[at]],
    }[change]

    compare("".join([*pieces[:at], *changed, *pieces[at + 1 :]]))


@pytest.mark.parametrize(
    "text",
    [
        "[file:hashes.MD5 = 'abc']",
        f"[file:hashes.'SHA-256' = '{'a' * 63}']",
        f"[file:hashes.'SHA-1' != '{'g' * 40}']",
        f"[x509-certificate:hashes.'SHA-512' = '{'a' * 64}']",
        f"[file:name = 'x' AND file:hashes.MD5 = '{'a' * 33}']",
    ],
)
def test_a_hash_that_is_none_is_refused_as_they_refuse_it(text: str) -> None:
    assert "hash" in refusal(text)
    assert run_validator(text, "2.1")


@pytest.mark.parametrize(
    "text",
    [
        f"[file:hashes.MD5 IN ('{'a' * 32}', '{'B' * 32}')]",
        "[file:hashes.MD5 LIKE 'abc%']",
        "[file:hashes.'SHA-256' MATCHES '^00']",
    ],
)
def test_a_part_or_a_set_of_hashes_is_taken_though_they_refuse_it(text: str) -> None:
    assert refusal(text) == ""
    compare(text)
