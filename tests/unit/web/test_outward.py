"""Words for what goes out: rules without an object, types of objects."""

from collections.abc import Iterator

import pytest
from flask import Flask

from cirt.sharing.verdicts import RULES
from cirt.web.outward import rule_words
from cirt.web.stix_words import type_words


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with Flask("test").app_context():
        yield


def test_a_rule_without_an_object_says_what_is_known_and_leaves_the_rest_open() -> None:
    said = rule_words("ceiling", agreement="MOU-2026-0001", ceiling="TLP:GREEN", reader="CERT-B")

    assert said == "… is above TLP:GREEN, the most of MOU-2026-0001."


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_said_without_an_object(rule: str) -> None:
    assert "{" not in rule_words(rule)


def test_a_code_that_is_no_rule_and_an_unknown_type_stand_as_they_are() -> None:
    assert rule_words("<too-large>") == "&lt;too-large&gt;"
    assert (type_words("threat-actor"), type_words("x-own")) == ("Threat actors", "x-own")
