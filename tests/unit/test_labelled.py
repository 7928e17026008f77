"""How well texts are read as people send them; the goals are those of the benchmark, the floors what we have reached."""

import pytest

from cirt.objects.observables.kinds import Kind, canonical
from tests.support.labelled import labelled, scored

LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")


def test_the_set_is_large_has_all_languages_and_kinds_and_many_traps() -> None:
    texts = list(labelled())
    kinds = {observable.kind for one in texts for observable in one.expected}

    assert len(texts) >= 700
    assert sum(not one.expected for one in texts) >= 200
    assert {one.language for one in texts} == set(LANGUAGES)
    assert kinds >= set(Kind) - {Kind.TLSH}


def test_every_label_is_the_canonical_spelling_and_no_text_stands_twice() -> None:
    texts = list(labelled())

    assert len({one.text for one in texts}) == len(texts)
    for one in texts:
        assert all(canonical(each.kind, each.value) == each for each in one.expected)


def test_precision_and_recall_stay_above_their_floors() -> None:
    score = scored(labelled()).all

    assert score.precision >= 0.98
    assert score.recall >= 0.98


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_is_read_worse_than_the_others(language: str) -> None:
    score = scored(one for one in labelled() if one.language == language).all

    assert score.precision >= 0.95
    assert score.recall >= 0.95
