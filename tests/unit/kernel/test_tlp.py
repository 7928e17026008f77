"""The order of TLP levels and the ways people write them."""

import itertools

import pytest

from cirt.kernel.tlp import Tlp, TlpUnknown

IN_ORDER = [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED]


def test_levels_compare_by_strictness_and_not_by_text() -> None:
    for (i, low), (j, high) in itertools.product(enumerate(IN_ORDER), repeat=2):
        assert (low < high) == (i < j)
        assert (low <= high) == (i <= j)
        assert (low > high) == (i > j)
        assert (low >= high) == (i >= j)


def test_the_strictest_is_max() -> None:
    assert max(Tlp.AMBER, Tlp.RED, Tlp.CLEAR) is Tlp.RED
    assert sorted([Tlp.RED, Tlp.AMBER_STRICT, Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER]) == IN_ORDER


def test_a_level_is_not_ordered_against_plain_text() -> None:
    with pytest.raises(TypeError):
        _ = Tlp.RED < "white"


def test_a_level_equals_its_value_and_hashes_like_it() -> None:
    by_text: dict[str, int] = {Tlp.AMBER_STRICT: 1}

    assert by_text["amber+strict"] == 1


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("white", Tlp.CLEAR),
        ("TLP:WHITE", Tlp.CLEAR),
        ("clear", Tlp.CLEAR),
        (" tlp:green ", Tlp.GREEN),
        ("tlp:amber+strict", Tlp.AMBER_STRICT),
        ("TLP AMBER STRICT", Tlp.AMBER_STRICT),
        ("amber_strict", Tlp.AMBER_STRICT),
        ("Amber-Strict", Tlp.AMBER_STRICT),
        ("TLP:RED", Tlp.RED),
    ],
)
def test_levels_are_read_as_people_write_them(text: str, level: Tlp) -> None:
    assert Tlp.parse(text) is level


@pytest.mark.parametrize(
    "text", ["", "tlp", "purple", "red green", "amber+", "strict", "tlp:tlp:red"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(TlpUnknown):
        Tlp.parse(text)


def test_labels_are_those_of_first() -> None:
    assert [level.label for level in IN_ORDER] == [
        "TLP:CLEAR",
        "TLP:GREEN",
        "TLP:AMBER",
        "TLP:AMBER+STRICT",
        "TLP:RED",
    ]
