"""The included playbooks, and steps written as lines."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.register import rsit
from cirt.register.phases import Phase
from cirt.register.playbooks.included import INCLUDED
from cirt.register.playbooks.rules import (
    MAX_STEP,
    Step,
    Steps,
    from_content,
    read_steps,
    without_doubles,
)


def test_every_class_has_one() -> None:
    assert [
        code for code in rsit.CLASSES if not any(code in one.fits for one in INCLUDED.values())
    ] == []


@pytest.mark.parametrize(
    "kind",
    [
        "fraud/phishing",
        "malicious-code/infected-system",
        "availability/ddos",
        "information-content-security/data-leak",
        "intrusions/privileged-account-compromise",
        "information-content-security/unauthorised-information-modification",
        "abusive-content/spam",
        "vulnerable/vulnerable-system",
    ],
)
def test_common_types_have_their_own(kind: str) -> None:
    rsit_class, rsit_type = kind.split("/")

    assert max(one.fit(rsit_class, rsit_type) for one in INCLUDED.values()) == 2


@pytest.mark.parametrize("slug", INCLUDED)
def test_each_is_whole(slug: str) -> None:
    one = INCLUDED[slug]

    assert all(
        rsit.is_known(code, kind or None) for code, _, kind in (f.partition("/") for f in one.fits)
    )
    assert len({step.key for step in one.steps}) == len(one.steps)
    assert all(len(step.text) <= MAX_STEP and step.text.endswith((".", "?")) for step in one.steps)
    assert [step.phase for step in one.steps] == sorted(
        (step.phase for step in one.steps), key=list(Phase).index
    )
    assert len({step.phase for step in one.steps}) >= 3
    assert from_content(one.as_content()) == one


_WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40)
_DUE = st.one_of(st.none(), st.integers(0, 9999).map(lambda m: timedelta(minutes=m)))


@given(st.lists(st.tuples(_WORDS, _DUE), max_size=6))
def test_what_is_shown_as_lines_is_read_as_the_same_steps(
    given_: list[tuple[str, timedelta | None]],
) -> None:
    steps = [Step(Phase.CONTAIN, text, due) for text, due in given_]

    assert read_steps(Phase.CONTAIN, "\n".join(step.line for step in steps)) == steps


def test_lines_may_be_written_as_people_do() -> None:
    found = read_steps(Phase.LEARN, "\n- Call the bank\n  2h: Send the list \n3 d:no space\r\n")

    assert [(step.text, step.due) for step in found] == [
        ("Call the bank", None),
        ("Send the list", timedelta(hours=2)),
        ("3 d:no space", None),
    ]


def test_a_step_written_twice_is_one() -> None:
    twice = [Step(Phase.LEARN, "Same"), Step(Phase.CONTAIN, "Other"), Step(Phase.RECOVER, "Same")]

    assert without_doubles(twice) == twice[:1] + twice[1:2]
    assert Steps("t", ("fraud",), ()).fit("fraud", "phishing") == 1
