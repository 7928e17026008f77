"""What makes two reports alike, and one look like spam."""

# ruff: noqa: RUF001  (scripts that look alike are compared)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.register.likeness.models import TraitKind
from cirt.register.likeness.rules import Likeness, SpamFacts, guess_spam
from cirt.register.likeness.traits import KEPT, sentences_alike, traits_of
from cirt.register.models import ReportState

MAIL = (
    "Dear colleagues, on Monday a mail asked our staff to confirm their mailbox. Two of them typed their "
    "password at https://mail-{n}.example/start. Later somebody read their letters from 198.51.100.{n}. "
    "We changed both passwords. Is there more that we should do?"
)


def share(one: str, other: str) -> float:
    """Of the traits of the first text, those that the second has too."""
    first, second = ({trait.key for trait in traits_of(text, "", "")} for text in (one, other))
    return len(first & second) / len(first)


def test_only_numbers_and_layout_apart_a_text_is_the_same() -> None:
    one = MAIL.format(n=7)
    other = MAIL.format(n=23).upper().replace(". ", ".\r\n\r\n")

    assert share(one, other) == 1
    assert sentences_alike(one, other)[0] == sentences_alike(one, one)[0]


def test_a_sentence_more_leaves_most_alike_and_another_story_nothing() -> None:
    one = MAIL.format(n=7)
    more = f"Good morning. {one} Thank you for your help!"
    other = "The web shop was slow all night; the host says that 40 gigabits came from cameras."

    assert share(one, more) >= 0.6
    count = sentences_alike(one, one)[0]
    assert sentences_alike(one, more) == (count, count + 2)
    assert share(one, other) == 0


@pytest.mark.parametrize(
    "text",
    [
        "我们收到一封邮件，要求输入密码。两位同事已经输入了密码，请告诉我们怎么办。",
        "وصلتنا رسالة تطلب كلمة المرور. كتب موظفان كلمة المرور في الموقع. ماذا نفعل الآن؟",
        "Нам пришло письмо с просьбой ввести пароль. Двое сотрудников ввели его. Что делать?",
    ],
)
def test_every_script_is_compared(text: str) -> None:
    assert len(traits_of(text, "", "")) >= 5
    assert share(text, f"{text} {text}") >= 0.5


@given(text=st.text(), organisation=st.text(max_size=50), contact=st.text(max_size=50))
def test_any_text_has_few_traits_and_always_the_same(
    text: str, organisation: str, contact: str
) -> None:
    found = traits_of(text, organisation, contact)

    assert found == traits_of(text, f" {organisation}  ", contact)
    assert len(found) <= KEPT + 2
    assert len({trait.key for trait in found}) == len(found)
    assert all(-(2**63) <= trait.key < 2**63 for trait in found)


def test_who_wrote_is_folded() -> None:
    one = traits_of("", " Harbour  WATER ", "IT@harbour.example")
    other = traits_of("", "harbour water", "it@Harbour.example")

    assert one == other
    assert [trait.kind for trait in one] == [TraitKind.ORGANISATION, TraitKind.CONTACT]


def like(**given: object) -> Likeness:
    facts: dict[str, object] = {"reference": "REP-2026-0001", "title": "", **given}
    facts.setdefault("state", ReportState.RECEIVED)
    return Likeness(**facts)  # type: ignore[arg-type]  # a builder


@pytest.mark.parametrize(
    ("likeness", "likely"),
    [
        (like(text=0.5), True),
        (like(text=0.3), False),
        (like(text=0.3, same_contact=True), True),
        (like(same_contact=True, same_organisation=True), False),
        (like(shared=("198[.]51[.]100[.]7",)), False),
        (like(shared=("198[.]51[.]100[.]7",), same_organisation=True), True),
        (like(shared=("a", "b")), True),
    ],
)
def test_one_strong_sign_or_two_weak_ones_make_it_likely(likeness: Likeness, likely: bool) -> None:
    assert likeness.is_likely is likely


def test_the_reasons_are_sentences() -> None:
    found = like(text=0.8, shared=("a",), same_contact=True, sentences=(8, 10))

    said = [sentence.format(**values) for sentence, values in found.reasons]

    assert said == ["8 of 10 sentences alike.", "The same a.", "The same contact."]


def test_spam_is_guessed_with_reasons_and_only_from_enough() -> None:
    spam = like(text=0.9, state=ReportState.SPAM)

    guess = guess_spam(SpamFacts(400, 0, True, [spam]))
    assert guess is not None
    assert [s.format(**v) for s, v in guess.reasons] == ["Much like REP-2026-0001, which was spam."]
    links = guess_spam(SpamFacts(200, 5, False, []))
    assert links is not None
    assert links.score == 50
    assert guess_spam(SpamFacts(200, 5, True, [])) is None
    assert guess_spam(SpamFacts(2000, 5, False, [])) is None
    assert guess_spam(SpamFacts(400, 0, True, [like(text=0.9)])) is None
    assert guess_spam(SpamFacts(0, 0, False, [])) is None
