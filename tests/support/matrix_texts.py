"""Objects of the matrix of facts, as text: each with its own words, and what they name that stays here."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from cirt.kernel.tlp import Tlp
from cirt.objects.codec import StixObject
from cirt.objects.markings import IEP_EXTENSION, PAP_IDS, TLP2_REFS
from tests.support.covering import Row
from tests.support.matrix_facts import ENDS, FIRST, FROM, POLICIES, RED_MAKER
from tests.support.stix import an_indicator, an_object
from tests.support.store import marked, numbered, taken


def policies() -> Iterator[StixObject]:
    for name, (number, said) in POLICIES.items():
        extension = {"extension_type": "property-extension", "iep_version": "2.0", **said}
        yield taken(
            an_object(
                "marking-definition",
                id=numbered("marking-definition", number),
                name=f"Policy {name}",
                modified=None,
                extensions={IEP_EXTENSION: extension},
            )
        )


def backdrop() -> Iterator[StixObject]:
    """Ends and a maker that stay here: nothing of them is released."""
    yield taken(
        an_object("malware", id=numbered("malware", FROM), is_family=False, name="Seen", **_green())
    )
    for name, tlp in (("open", Tlp.GREEN), ("red", Tlp.RED), ("amber", Tlp.AMBER)):
        yield taken(end_of(name, tlp))
    yield taken(an_object("identity", id=RED_MAKER, name="The ministry", **_marks(Tlp.RED)))


def _marks(tlp: Tlp) -> dict[str, Any]:
    return {"object_marking_refs": marked(tlp)}


def _green() -> dict[str, Any]:
    return _marks(Tlp.GREEN)


def end_of(name: str, tlp: Tlp) -> bytes:
    return an_indicator(id=numbered("indicator", ENDS[name]), **_marks(tlp))


def text_of(place: int, row: Row, creator: str, **more: Any) -> bytes:
    def word(of: str) -> str:
        return f"zq{place:04}{of}zq"

    tlp, shape = row["tlp"], row["shape"]
    marks = [] if tlp == "none" else [TLP2_REFS[Tlp(tlp)]]
    marks += [ref for ref, level in PAP_IDS.items() if level == row["pap"]]
    marks += (
        [numbered("marking-definition", POLICIES[row["iep"]][0])] if row["iep"] != "none" else []
    )
    said: dict[str, Any] = {
        "id": numbered(shape, FIRST + place),
        "created_by_ref": creator,
        "description": word("description"),
        "labels": [word("label")],
        "external_references": [{"source_name": "zq", "description": word("reference")}],
        "object_marking_refs": marks or None,
    }
    if row["part"] != "none":
        part = {"marking_ref": TLP2_REFS[Tlp(row["part"])], "selectors": ["description"]}
        said["granular_markings"] = [part]
    end = numbered("indicator", ENDS.get(row["end"], 0))
    if shape == "indicator":
        pattern = f"[domain-name:value = '{word('pattern')}.a{place}.example']"
        return an_indicator(**said, name=word("name"), pattern=pattern, **more)
    if shape == "relationship":
        ends = {"source_ref": end, "target_ref": numbered("malware", FROM)}
        return an_object(shape, **said, relationship_type="indicates", **ends, **more)
    if shape == "sighting":
        return an_object(shape, **said, sighting_of_ref=end, **more)
    about = {"object_refs": [numbered("malware", FROM), end]}
    published = "2025-03-01T10:00:00Z"
    return an_object(shape, **said, name=word("name"), published=published, **about, **more)


def identity_of(slug: str) -> str:
    return numbered("identity", 0x80000000 | crc32(slug.encode()))
