"""The fixed markings, and the level that any definition states."""

from typing import Any

import orjson
import pytest

from cirt.kernel.tlp import Tlp
from cirt.objects.codec import StixObject, read
from cirt.objects.markings import (
    IEP_EXTENSION,
    TLP2_DEFINITIONS,
    TLP2_EXTENSION,
    TLP2_REFS,
    TLP_IDS,
    strictest,
    tlp_of_definition,
)
from tests.support.samples import needs_samples, sample_json


def test_our_tlp_2_definitions_pass_the_checks_and_state_their_level() -> None:
    for level, raw in TLP2_DEFINITIONS.items():
        obj = read(raw)
        assert isinstance(obj, StixObject)
        assert obj.stix_id == TLP2_REFS[level]
        assert obj.warnings == ()
        assert tlp_of_definition(obj.content()) is level


@needs_samples
def test_the_fixed_definitions_are_those_that_are_published() -> None:
    published = {
        obj["id"]: obj for obj in sample_json("markings-identities/tlp1-and-tlp2-array.json")
    }

    assert published.keys() == TLP_IDS.keys()
    for stix_id, obj in published.items():
        assert tlp_of_definition(obj) is TLP_IDS[stix_id]
    for level, raw in TLP2_DEFINITIONS.items():
        assert orjson.loads(raw) == published[TLP2_REFS[level]]


@pytest.mark.parametrize(
    ("definition", "level"),
    [
        ({"definition_type": "tlp", "definition": {"tlp": "amber"}}, Tlp.AMBER),
        ({"definition_type": "TLP", "definition": {"TLP": "TLP:WHITE"}}, Tlp.CLEAR),
        ({"extensions": {TLP2_EXTENSION: {"tlp_2_0": "amber+strict"}}}, Tlp.AMBER_STRICT),
        ({"extensions": {IEP_EXTENSION: {"tlp": "green"}}}, Tlp.GREEN),
        ({"name": "TLP:RED", "definition": {"statement": "for you alone"}}, Tlp.RED),
        ({"name": "TLP:RED", "extensions": {TLP2_EXTENSION: {"tlp_2_0": "clear"}}}, Tlp.RED),
        ({"name": "PAP:RED", "definition": {"statement": "x"}}, None),
        ({"definition_type": "statement", "definition": {"statement": "TLP:RED"}}, None),
        ({"name": "TLPizza"}, None),
        ({}, None),
    ],
)
def test_a_level_is_found_by_whatever_sign_it_has(
    definition: dict[str, Any], level: Tlp | None
) -> None:
    assert tlp_of_definition(definition) is level


def test_the_strictest_passes_over_what_is_unknown() -> None:
    assert strictest([None, Tlp.GREEN, Tlp.RED, None]) is Tlp.RED
    assert strictest([None]) is None
    assert strictest([]) is None
