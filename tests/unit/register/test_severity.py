"""The arithmetic of severity scores, and the priority that follows from severity and sectors."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.objects.checking import vocab
from cirt.register.facts.kinds import PAP_OF_TLP, Pap, Priority
from cirt.register.facts.places import COUNTRIES, CRITICAL_SECTORS, SECTORS
from cirt.register.facts.rules import pap_of, priority_of
from cirt.register.models import Severity
from cirt.register.severity.labels import ANSWERS, LEVELS, QUESTIONS
from cirt.register.severity.rules import level_of, work_out
from cirt.register.severity.table import table
from cirt.web.i18n import _locale

TABLE = table()
EXAMPLE = {
    "functional-impact": "minimal-non-critical",
    "observed-activity": "presence",
    "location": "business-network",
    "actor": "criminal",
    "information-impact": "privacy",
    "recoverability": "supplemented",
    "cross-sector": "government",
    "potential-impact": "moderate",
}
answers = st.fixed_dictionaries(
    {c.code: st.sampled_from(sorted(c.options)) for c in TABLE.categories}
)


def test_the_worked_example_of_the_standard_comes_out() -> None:
    worked = work_out(TABLE, EXAMPLE)

    assert (TABLE.least, TABLE.most) == (325, 3400)
    assert (worked.total, worked.tenths, worked.level.code) == (1550, 398, "low")
    assert worked.level.severity is Severity.LOW


def test_the_least_answers_give_nothing_and_the_most_a_hundred() -> None:
    least = {c.code: min(c.options, key=c.options.__getitem__) for c in TABLE.categories}
    most = {c.code: max(c.options, key=c.options.__getitem__) for c in TABLE.categories}

    assert work_out(TABLE, least).tenths == 0
    assert work_out(TABLE, least).level.code == "baseline-negligible"
    assert work_out(TABLE, most).tenths == 1000
    assert work_out(TABLE, most).level.code == "emergency"


@given(answers, st.sampled_from(TABLE.categories), st.data())
def test_a_worse_answer_never_lowers_a_score(
    given_answers: dict[str, str], category: object, data: st.DataObject
) -> None:
    question = next(c for c in TABLE.categories if c is category)
    other = data.draw(st.sampled_from(sorted(question.options)))
    before = work_out(TABLE, given_answers)
    after = work_out(TABLE, {**given_answers, question.code: other})

    grew = question.options[other] >= question.options[given_answers[question.code]]
    assert (after.tenths >= before.tenths) if grew else (after.tenths <= before.tenths)
    assert 0 <= after.tenths <= 1000


@pytest.mark.parametrize(
    ("tenths", "level"),
    [(1000, "emergency"), (999, "severe"), (800, "severe"), (799, "high"), (650, "high"),
     (649, "medium"), (500, "medium"), (499, "low"), (350, "low"), (349, "baseline-minor"),
     (200, "baseline-minor"), (199, "baseline-negligible"), (0, "baseline-negligible")],
)  # fmt: skip
def test_the_bands_meet_without_a_gap(tenths: int, level: str) -> None:
    assert level_of(TABLE, tenths).code == level


def test_an_answer_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        work_out(TABLE, {**EXAMPLE, "actor": "nobody"})
    with pytest.raises(KeyError):
        work_out(TABLE, {"actor": "criminal"})


def test_every_question_answer_and_level_has_its_words() -> None:
    assert set(QUESTIONS) == {c.code for c in TABLE.categories}
    assert {c.code: set(c.options) for c in TABLE.categories} == {
        code: set(words) for code, words in ANSWERS.items()
    }
    assert set(LEVELS) == {level.code for level in TABLE.levels}


@given(st.sampled_from(Severity), st.sets(st.sampled_from(sorted(SECTORS))))
def test_a_more_severe_incident_or_a_further_sector_is_never_later(
    severity: Severity, sectors: set[str]
) -> None:
    here = priority_of(severity, sectors)

    assert here <= priority_of(severity, ())
    worse = list(Severity)[: list(Severity).index(severity)]
    assert all(priority_of(each, sectors) <= here for each in worse)


def test_what_others_live_on_comes_a_step_sooner() -> None:
    assert priority_of(Severity.HIGH, []) is Priority.SOON
    assert priority_of(Severity.HIGH, ["water"]) is Priority.AT_ONCE
    assert priority_of(Severity.INFO, ["water"]) is Priority.LATER


def test_sectors_are_those_of_stix_and_countries_those_of_iso() -> None:
    names = _locale("en").territories

    assert set(SECTORS) == vocab.OPEN["identity", "sectors"]
    assert set(SECTORS) >= CRITICAL_SECTORS
    assigned = {code for code in COUNTRIES if code[0] != "X"}
    assert (len(assigned), len(COUNTRIES)) == (249, 249 + 26)
    assert set(names) >= assigned
    assert COUNTRIES.isdisjoint({"EU", "UN", "UK", "ZZ"})


def test_what_may_be_done_is_never_freer_by_default_than_who_may_be_told() -> None:
    order = list(Pap)
    for (low, low_pap), (high, high_pap) in itertools.pairwise(PAP_OF_TLP.items()):
        assert low < high
        assert order.index(low_pap) <= order.index(high_pap)
    assert all(pap_of(pap, tlp) is pap for pap in Pap for tlp in PAP_OF_TLP)
