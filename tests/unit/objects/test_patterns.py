"""The pattern language: all of its grammar, its limits, and patterns written by us."""

import json

import pytest
from stix2patterns.v21.pattern import Pattern as Oracle

from cirt.objects.observables.findings import observables_in_pattern
from cirt.objects.observables.kinds import Kind, Observable, canonical
from cirt.objects.patterns.lexer import PatternError
from cirt.objects.patterns.parser import Pattern, parse
from cirt.objects.patterns.writing import NoPattern, pattern_for
from tests.support.samples import needs_samples, sample_json, samples


def parsed(text: str) -> Pattern:
    result = parse(text)
    assert isinstance(result, Pattern), str(result)
    return result


@needs_samples
def test_every_valid_pattern_of_the_samples_is_read() -> None:
    for text in sample_json("labelled/patterns.json")["valid"]:
        parsed(text)


@needs_samples
def test_every_invalid_pattern_of_the_samples_is_refused() -> None:
    for text, _ in sample_json("labelled/patterns.json")["invalid"]:
        assert isinstance(parse(text), PatternError), text


@needs_samples
def test_every_distinct_shape_of_real_patterns_is_read_as_the_reference_reads_it() -> None:
    shapes = {}
    for path in sorted(samples().glob("misp-stix/*.json")):
        for obj in json.loads(path.read_bytes()).get("objects", []):
            if obj.get("pattern_type") == "stix":
                shapes[len(obj["pattern"]) // 8, path.name[:12]] = obj["pattern"]
    assert len(shapes) > 20
    for text in list(shapes.values())[:60]:
        theirs = Oracle(text).inspect().comparisons
        ours = parsed(text)
        assert {comparison.object_type for comparison in ours.comparisons} == theirs.keys()
        assert len(ours.comparisons) == sum(map(len, theirs.values()))


@pytest.mark.parametrize(
    "text",
    [
        "[a:b = 1]",
        "[a:b == 1 AND a:c <> 2.5]",
        "[a:b NOT = 'x' OR NOT EXISTS a:c]",
        "[EXISTS a:b.c[*].'d-e'[0]]",
        "[a:b IN ()]",
        "[a:b IN (1, 'x', true, h'ff', b'AA==', t'2025-01-01T00:00:00Z')]",
        "[ ( ( a:b = -1 ) AND a-b:c >= +1.0 ) ]",
        "[a:b = 1]/* a comment */AND // another\n[a:b = 2]",
        "(([a:b = 1] AND [a:b = 2]) OR [a:b = 3]) FOLLOWEDBY [a:b = 4] WITHIN 0.5 SECONDS",
        "[a:b = 1] REPEATS 2 TIMES WITHIN 5 SECONDS START t'2025-01-01T00:00:00Z' STOP t'2025-01-02T00:00:00.5Z'",
        "([a:b = 1]) WITHIN 5 SECONDS WITHIN 6 SECONDS",
        r"[a:b = 'it\'s \\ here']",
        "[a:'b c' LIKE '%_']",
    ],
)
def test_the_grammar_is_read_as_the_reference_reads_it(text: str) -> None:
    Oracle(text)
    parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a:b = 1", "[]", "[a:b]", "[a:b = ]", "[a = 1]", "[a:b = 1", "[a:b = 1]]", "([a:b = 1]",
        "[a:b = 1])", "[(a:b = 1]", "[a:b = 1)]", '[a:b = "x"]', "[a:b = 'x]", r"[a:b = '\n']",
        "[a:b-c = 1]", "[file:hashes.SHA-256 = 'x']", "[a:b = 1] AND", "AND [a:b = 1]", "[a:b = 1] [a:b = 2]",
        "[a:b = 1 AND]", "[a:b = 1 a:c = 2]", "[a:b > true]", "[a:b LIKE 1]", "[a:b MATCHES /x/]", "[a:b IN 1]",
        "[a:b IN (1,)]", "[a:b IN (,1)]", "[a:b = h'f']", "[a:b = 007]", "[a:b[x] = 1]", "[a:b[] = 1]",
        "[a:b. = 1]", "[a: b = ' ] ", "[a:b = 1] WITHIN 5", "[a:b = 1] WITHIN -5 SECONDS",
        "[a:b = 1] REPEATS 1.5 TIMES", "[a:b = 1] START '2025-01-01T00:00:00Z' STOP '2025-01-01T00:00:00Z'",
        "[a:b = 1] within 5 SECONDS", "[a:b and a:c = 1]", "[NOT a:b = 1]", "[a:AND = 1]", "/* [a:b = 1]",
    ],
)  # fmt: skip
def test_what_the_reference_refuses_is_refused(text: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - the reference fails in several ways
        Oracle(text)
    assert isinstance(parse(text), PatternError)


def test_times_must_be_real_and_qualifiers_single() -> None:
    assert isinstance(parse("[a:b = t'2025-02-30T00:00:00Z']"), PatternError)
    assert isinstance(parse("[a:b = 1] REPEATS 2 TIMES REPEATS 3 TIMES"), PatternError)


def test_an_error_says_where_and_what() -> None:
    error = parse("[ipv4-addr:value = 1.2.3.4]")

    assert isinstance(error, PatternError)
    assert str(error) == ("The pattern breaks off at character 22: .3 where AND, OR or ] is due.")


@pytest.mark.parametrize(
    ("text", "level", "any_bracket"),
    [
        ("[a:b = 1 AND a:c = 2]", 1, True),
        ("([a:b = 1])", 1, True),
        ("[a:b = 1] OR [a:c = 2]", 2, True),
        ("[a:b = 1] AND [a:c = 2]", 2, False),
        ("[a:b = 1] FOLLOWEDBY [a:c = 2]", 3, False),
        ("[a:b = 1] WITHIN 5 SECONDS", 3, False),
    ],
)
def test_levels_of_conformance(text: str, level: int, any_bracket: bool) -> None:
    pattern = parsed(text)

    assert (pattern.level, pattern.any_bracket) == (level, any_bracket)


@pytest.mark.parametrize(
    ("text", "crosses"),
    [
        ("[a:x = 1 AND b:x = 1]", True),
        ("[a:x = 1 OR b:x = 1]", False),
        ("[a:x = 1 OR b:x = 1 AND b:y = 2]", False),
        ("[(a:x = 1 OR b:x = 1) AND b:y = 2]", False),
        ("[(a:x = 1 OR b:x = 1) AND c:y = 2]", True),
        ("[a:x = 1 AND (a:y = 1 OR (b:x = 1 AND b:y = 2))]", False),
        ("[a:x = 1] AND [b:x = 1]", False),
    ],
)
def test_an_and_that_no_single_object_can_fulfil_is_marked(text: str, crosses: bool) -> None:
    assert parsed(text).crosses_types is crosses


def test_ten_thousand_terms_and_deep_nesting_are_read_without_recursion() -> None:
    terms = " OR ".join(f"ipv4-addr:value = '10.1.{i // 256}.{i % 256}'" for i in range(10_000))
    deep = 50_000

    assert len(parsed(f"[{terms}]").comparisons) == 10_000
    assert parsed("(" * deep + "[" + "(" * deep + "a:b = 1" + ")" * deep + "]" + ")" * deep)
    assert isinstance(parse("(" * deep), PatternError)
    assert isinstance(parse("[" + "a:b = 1 OR " * 100_000), PatternError)


def test_nesting_with_many_types_costs_no_more_than_its_length() -> None:
    terms = 40_000
    nested = "(" * terms + "a:b=1" + "".join(f" OR a{i}:b=1)" for i in range(terms))

    assert (
        len(parsed(f"[{nested}]").comparisons) == terms + 1
    )  # minutes, if each level copied its types


@pytest.mark.parametrize("regex", ["(", "a)", "[a", "*a", "a\\\\"])
def test_a_regular_expression_that_is_broken_is_refused(regex: str) -> None:
    assert isinstance(parse(f"[a:b MATCHES '{regex}']"), PatternError)


@pytest.mark.parametrize("regex", [r"\\p{L}", "a" * 2000, "(" * 200 + ")" * 200, "(?<n>a)", "[[a]"])
def test_a_regular_expression_of_another_dialect_or_size_is_taken(regex: str) -> None:
    assert parsed(f"[a:b MATCHES '{regex}']")


def test_an_exponential_regular_expression_is_never_run() -> None:
    assert parsed(
        "[a:b MATCHES '^(a+)+$' AND a:b = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!']"
    )


EXAMPLES = {
    Kind.IPV4: "198.51.100.3",
    Kind.IPV6: "2001:db8::1",
    Kind.DOMAIN: "bad.example",
    Kind.URL: "https://bad.example/a'b?c=\\d",
    Kind.EMAIL: "o'neil@bad.example",
    Kind.MD5: "b" * 32,
    Kind.SHA1: "c" * 40,
    Kind.SHA256: "a" * 64,
    Kind.SHA512: "d" * 128,
    Kind.SSDEEP: "3:abc:def",
    Kind.TLSH: "T1" + "A" * 70,
    Kind.FILE_NAME: "it's.exe",
    Kind.FILE_PATH: "C:\\Windows\\Temp\\it's.exe",
    Kind.MAC: "d2:fb:49:24:37:18",
    Kind.MUTEX: "Global\\evil'mutex",
    Kind.REGISTRY_KEY: "HKEY_LOCAL_MACHINE\\Software\\Evil",
    Kind.ASN: "AS64500",
    Kind.USER_AGENT: "Mozilla/5.0 (it's me)",
    Kind.SERIAL: "36:f7:d4:32:f4:ab:70:ea",
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_pattern_of_ours_names_the_observable_it_was_made_for(kind: Kind) -> None:
    observable = canonical(kind, EXAMPLES[kind])
    assert observable is not None

    text = pattern_for(observable)

    Oracle(text)
    assert observable in list(observables_in_pattern(parsed(text)))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.IPV4, "198.51.100.3", "[ipv4-addr:value = '198.51.100.3']"),
        (Kind.IPV4, "198.51.100.0/24", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
        (Kind.SHA256, "a" * 64, f"[file:hashes.'SHA-256' = '{'a' * 64}']"),
        (Kind.MUTEX, "Global\\m", r"[mutex:name = 'Global\\m']"),
        (Kind.ASN, "AS64500", "[autonomous-system:number = 64500]"),
        (Kind.FILE_PATH, "/tmp/x", "[file:name = 'x' AND file:parent_directory_ref.path = '/tmp']"),
        (Kind.FILE_PATH, "/x", "[file:name = 'x' AND file:parent_directory_ref.path = '/']"),
        (Kind.FILE_PATH, "C:\\Temp\\", r"[directory:path = 'C:\\Temp\\']"),
    ],
)
def test_patterns_are_written_as_the_standard_writes_them(
    kind: Kind, value: str, text: str
) -> None:
    assert pattern_for(Observable(kind, value)) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.CVE, "CVE-2024-1234"),
        (Kind.PHONE, "12025550143"),
        (Kind.TECHNIQUE, "T1059"),
        (Kind.JA3, "a" * 32),
    ],
)
def test_what_stix_has_no_property_for_has_no_pattern(kind: Kind, value: str) -> None:
    with pytest.raises(NoPattern, match=value):
        pattern_for(Observable(kind, value))
