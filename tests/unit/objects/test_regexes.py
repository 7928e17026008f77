"""Regular expressions in patterns: judged as PCRE reads them, without compiling or running one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.objects.patterns.regexes import MAX_LENGTH, look_at
from tests.support.samples import needs_samples, samples

BROKEN = [
    "(", "a(b", "((a)", "(?:a", "(?<n>a", "(?=a", "a)", "(a))", ")", "[a", "[]", "[^]", "[[:alpha:]", "[a\\]",
    "*a", "+", "?", "(*a|b)c)", "a|*", "(+a)", "(?i)*", "{2}", "a{3,2}", "[z-a]", "[a-cz-a]", "a\\", "\\1", "(a)\\2",
    r"\p{L}(", r"(?<n>a)[", "(?#never ends",
]  # fmt: skip
SOUND = [
    "", "a", "a*?b++", "(a)\\1", "a{2}", "a{2,}", "a{,2}", "a{x}", "{", "}", "]", "a]", "[]a]", "[^]a]", "[[a]", "[a-]", "[-a]",
    "[\\]]", "[[:alpha:][:^digit:]-]", "[a-z-9]", r"[\w-z]", r"\p{L}+", r"\Q(*[\E*", r"\Qnever ends(", "(?<n>a)\\k<n>",
    "(?P<n>a)(?P=n)", "(?'n'a)", "(?>a+)b", "(?|a|b)", "(?i)a", "(?i-s:a)", "(?-i)b", "(?<=a)b", "(?<!a)b", "(?!a)",
    "(?(1)a|b)(c)", "(?R)?", "(a)(?1)", "(*UTF8)a", "(?#(a comment[)a", "a|", "|a", "()", "^*", "\\b+", "\\.", "\\\\", r"\x{41}",
    r"\d{3,5}", ".", "\n", "(?<a>x)|(?<b>y)", "\\10", "[\u0430-\u044f]", "a**",
]  # fmt: skip


@pytest.mark.parametrize("regex", BROKEN)
def test_what_no_dialect_takes_is_a_fault(regex: str) -> None:
    assert look_at(regex).fault


@pytest.mark.parametrize("regex", SOUND)
def test_what_pcre_takes_is_none(regex: str) -> None:
    assert look_at(regex).fault is None


@pytest.mark.parametrize(
    "regex", ["(a+)+", "^(a+)+$", "(a*)*b", "((a+)b?)*", "(?:x{2,}y*)+", "(.*a)+", "(a|b+)*"]
)
def test_who_matches_with_a_repeated_repetition_is_warned(regex: str) -> None:
    [doubt] = look_at(regex).doubts

    assert "repeats a repetition" in doubt


@pytest.mark.parametrize(
    "regex", ["a+b+", "(a+)b", "(a+)?", "(a){3}", "(a+){2}", "(ab)+", "(a+)|b*"]
)
def test_other_repetitions_give_no_doubt(regex: str) -> None:
    assert look_at(regex).doubts == []


def test_the_flag_x_and_long_texts_are_left_to_the_reader() -> None:
    assert look_at("(?x) a # a comment (").fault is None
    assert look_at("(?x) a # a comment (").doubts
    assert look_at("a" * (MAX_LENGTH + 1)).doubts
    assert look_at("a" * MAX_LENGTH + "(").fault


@pytest.mark.parametrize(
    "piece", ["(", "[", "[[:a:]", "(?i)[\x00-\uffff]", "\\Q", "a{1,", "(?#", "(a+)+", "\\", "[a-"]
)
def test_many_characters_are_read_once(piece: str) -> None:
    """Seconds to hours if anything were read again from every place, or compiled."""
    look_at(piece * (300_000 // len(piece)))


_SIGNS = st.sampled_from(list("ab01()[]{}|*+?^$.\\-,:=!<>#PQE \n")) | st.characters()


@given(st.lists(_SIGNS, max_size=40).map("".join))
def test_any_text_is_judged(regex: str) -> None:
    look = look_at(regex)

    assert look.fault is None or look.fault
    if look.fault is None and "\\Q" not in regex and not look.doubts:
        assert (escaped := look_at(re.escape(regex)).fault) is None, escaped


_SOUND = st.recursive(
    st.sampled_from(["a", ".", "\\.", "[a-z]", "[^a]", "\\d", "(?:b)", "^", "x{2,3}?"]),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("(?:{})".format, inner),
        st.builds("{}|{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{})*".format, inner),
        st.builds("(?={})".format, inner),
    ),
    max_leaves=12,
)


@given(_SOUND)
def test_what_python_takes_of_the_common_language_is_sound(regex: str) -> None:
    re.compile(regex)

    assert look_at(regex).fault is None


@needs_samples
def test_the_regular_expressions_of_real_patterns_are_sound() -> None:
    texts = {
        literal.encode().decode("unicode_escape")
        for path in sorted(samples().glob("*/*.json"))
        for literal in re.findall(r"MATCHES '((?:[^'\\]|\\\\.){1,300})'", path.read_text("utf-8"))
        if literal.isascii()
    }

    assert texts
    assert [text for text in texts if look_at(text.replace("\\\\", "\\")).fault] == []
