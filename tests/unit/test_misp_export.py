"""The MISP event that we write has the shape of those that MISP writes."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson

from cirt.kernel.tlp import Tlp
from cirt.objects.codec import observables_in
from cirt.release.exporting.misp import MispWriter
from cirt.release.exporting.rows import Going, Label
from cirt.sharing import gate
from tests.support.samples import needs_samples, sample_json
from tests.support.stix import an_indicator

LABEL = Label(
    Tlp.AMBER_STRICT,
    (Tlp.AMBER_STRICT,),
    datetime(2026, 11, 18, 12, tzinfo=UTC),
    "EX-CIRT",
    "identity--00000000-0000-4000-8000-000000000001",
)


def event(*bodies: bytes) -> dict[str, Any]:
    writer = MispWriter()
    rows = [writer.row(going(body)) for body in bodies]
    whole = writer.head(LABEL) + writer.between.join(r for r in rows if r) + writer.tail(LABEL)
    found: dict[str, Any] = json.loads(whole)["Event"]
    return found


def going(body: bytes) -> Going:
    content = orjson.loads(body)
    said = content.get("modified", "2026-11-18T12:00:00.000Z")
    released = gate.Released(content["id"], 1, said, body, gate._SEAL)
    return Going(released, Tlp.AMBER, content, observables_in(content))


def test_each_observable_is_an_attribute_with_its_marking() -> None:
    two = an_indicator(
        pattern="[domain-name:value = 'a.example' OR ipv4-addr:value = '198.51.100.7']", name="Two"
    )

    found = event(two)["Attribute"]

    assert [(one["type"], one["category"], one["value"]) for one in found] == [
        ("domain", "Network activity", "a.example"),
        ("ip-dst", "Network activity", "198.51.100.7"),
    ]
    assert {one["comment"] for one in found} == {"Two"}
    assert {tag["name"] for one in found for tag in one["Tag"]} == {"tlp:amber"}
    assert len({one["uuid"] for one in found}) == 2


def test_a_pattern_that_names_no_value_goes_as_a_pattern() -> None:
    body = an_indicator(pattern="[file:size > 10]")

    [found] = event(body)["Attribute"]

    assert (found["type"], found["value"]) == ("stix2-pattern", "[file:size > 10]")


def test_the_event_bears_the_strictest_marking_and_goes_no_further_by_itself() -> None:
    made = event(an_indicator())

    assert made["Tag"] == [{"name": "tlp:amber+strict"}]
    assert (made["distribution"], made["published"]) == ("0", False)


@needs_samples
def test_it_has_the_shape_of_events_that_misp_writes() -> None:
    sample = sample_json("misp-json/eset_turla.json")
    theirs = sample["response"][0]["Event"]

    ours = event(an_indicator())

    for mine, other in ((ours, theirs), (ours["Attribute"][0], theirs["Attribute"][0])):
        for name, value in mine.items():
            if name in other:
                assert type(value) is type(other[name]), name
        assert set(mine) - set(other) <= {"Tag", "comment"}
