"""What is stored and shown of a text, and codes that can be read aloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.register import codes, rsit, texts

any_text = st.text(st.characters(codec=None), max_size=200)


@given(any_text)
def test_a_storable_text_goes_into_utf_8_without_nul_and_keeps_its_length(text: str) -> None:
    stored = texts.storable(text)

    assert "\0" not in stored
    assert stored.encode().decode() == stored
    assert len(stored) == len(text)
    assert (stored == text) == texts.is_storable(text)


@given(any_text)
def test_the_bytes_as_sent_give_the_text_back(text: str) -> None:
    assert texts.as_sent(text).decode("utf-8", "surrogatepass") == text


@given(any_text, st.integers(1, 60))
def test_a_line_for_lists_is_short_and_turns_nothing_around(text: str, limit: int) -> None:
    line = texts.one_line(text, limit)

    assert len(line) <= limit
    assert not set(line) & set("\r\n\t\0\u202e\u2066\u200b")


def test_the_title_is_the_first_line_that_says_something() -> None:
    assert texts.title_of("\n ***\n\u202eSubject:  help \n more") == "Subject: help"
    assert texts.title_of(" \n--\n") == ""
    assert texts.title_of("x" * 500).endswith("…")


def test_a_code_is_the_same_for_one_form_and_another_for_every_other() -> None:
    assert codes.code_for("one") == codes.code_for("one")
    assert len({codes.code_for(None) for _ in range(100)} | {codes.code_for("one")}) == 101


@given(st.text(min_size=1))
def test_a_code_has_75_bits_of_letters_that_are_not_misheard(form: str) -> None:
    code = codes.code_for(form)

    assert [len(group) for group in code.split("-")] == [3] * 5
    assert not set(code) & set("ILOU")
    misread = code.replace("0", "o").replace("1", "l").replace("V", "u")
    assert codes.is_code(misread, codes.code_hash(code))


@given(any_text)
def test_no_other_text_passes_for_a_code(said: str) -> None:
    assert not codes.is_code(said, codes.code_hash("K7P-2QM-9RT-4XD-6HB"))


def test_the_taxonomy_has_its_eleven_classes_and_thirty_nine_types() -> None:
    assert len(rsit.CLASSES) == 11
    assert sum(len(found.types) for found in rsit.CLASSES.values()) == 39
    assert rsit.is_known(*rsit.NOT_FINAL)


@pytest.mark.parametrize(
    ("pair", "tag"),
    [(("fraud", "phishing"), 'rsit:fraud="phishing"'), (("fraud", None), "rsit:fraud")],
)
def test_a_class_is_written_as_its_tag(pair: tuple[str, str | None], tag: str) -> None:
    assert rsit.is_known(*pair)
    assert rsit.tag(*pair) == tag


def test_a_type_of_another_class_is_not_known() -> None:
    assert not rsit.is_known("fraud", "ddos")
    assert not rsit.is_known("nothing", None)
