"""Marking-definitions: the fixed ones as tables, and what level any of them states."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cirt.kernel.tlp import Tlp, TlpUnknown

TLP2_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
PAP_EXTENSION = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
IEP_EXTENSION = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"

TLP1_IDS: dict[str, Tlp] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
TLP2_IDS: dict[str, Tlp] = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
}
TLP_IDS: dict[str, Tlp] = TLP1_IDS | TLP2_IDS
TLP2_REFS: dict[Tlp, str] = {level: stix_id for stix_id, level in TLP2_IDS.items()}

PAP_IDS: dict[str, str] = {
    "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92": "clear",
    "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9": "green",
    "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab": "amber",
    "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e": "red",
    "marking-definition--a3bea94c-b469-41dc-9cfe-d6e7daba7730": "white",
}
PAP_REFS: dict[str, str] = {word: stix_id for stix_id, word in PAP_IDS.items()}

_CREATED = {"tlp1": "2017-01-20T00:00:00.000Z", "tlp2": "2022-10-01T00:00:00.000Z"}
_PAP_CREATED = {
    "clear": "2022-10-01T00:00:00.000Z",
    "green": "2022-10-09T00:00:00.000Z",
    "amber": "2022-10-02T00:00:00.000Z",
    "red": "2022-10-06T00:00:00.000Z",
}


def _definition(stix_id: str, created: str, name: str, extension: str, **says: str) -> bytes:
    return orjson.dumps(
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": stix_id,
            "created": created,
            "name": name,
            "extensions": {extension: {"extension_type": "property-extension", **says}},
        }
    )


TLP2_DEFINITIONS: dict[Tlp, bytes] = {
    level: _definition(
        TLP2_REFS[level], _CREATED["tlp2"], level.label, TLP2_EXTENSION, tlp_2_0=level.value
    )
    for level in Tlp
}
# By id. WHITE, the old name of CLEAR, is read and not written.
PAP_DEFINITIONS: dict[str, bytes] = {
    PAP_REFS[word]: _definition(
        PAP_REFS[word], created, f"PAP:{word.upper()}", PAP_EXTENSION, pap=word
    )
    for word, created in _PAP_CREATED.items()
}


def tlp_of_definition(definition: Mapping[str, Any]) -> Tlp | None:
    """The level that a marking-definition states, by whatever sign; of several signs the strictest.

    None means that it says nothing about TLP: a statement, a PAP, or something of its own.
    """
    return strictest(level for level in map(_level, _signs(definition)) if level is not None)


def strictest(levels: Iterable[Tlp | None]) -> Tlp | None:
    """The strictest of those that are known; None if there is none."""
    return max((level for level in levels if level is not None), default=None)


def contradicts_fixed(definition: Mapping[str, Any]) -> bool:
    """Whether this claims the id of a fixed TLP or PAP definition and says something else."""
    stix_id = definition.get("id")
    if stix_id in TLP1_IDS:
        return _differs_from_tlp1(definition, TLP1_IDS[stix_id])
    if stix_id in TLP2_IDS:
        level = TLP2_IDS[stix_id]
        return "definition" in definition or _differs(
            definition, level.label, TLP2_EXTENSION, "tlp_2_0", level.value
        )
    if stix_id in PAP_IDS:
        word = PAP_IDS[stix_id]
        return "definition" in definition or _differs(
            definition, f"PAP:{word.upper()}", PAP_EXTENSION, "pap", word
        )
    return False


def written_levels(definition: Mapping[str, Any]) -> Iterable[Any]:
    """What stands where a definition states its level: in a TLP 1 definition, a TLP 2 or IEP extension."""
    inner = definition.get("definition")
    if isinstance(inner, Mapping):
        yield from (value for key, value in inner.items() if key.casefold() == "tlp")
    extensions = definition.get("extensions")
    if isinstance(extensions, Mapping):
        for key, name in ((TLP2_EXTENSION, "tlp_2_0"), (IEP_EXTENSION, "tlp")):
            extension = extensions.get(key)
            if isinstance(extension, Mapping) and name in extension:
                yield extension[name]


def _signs(definition: Mapping[str, Any]) -> Iterable[Any]:
    stix_id = definition.get("id")
    if stix_id in TLP_IDS:
        yield TLP_IDS[stix_id].value
    yield from written_levels(definition)
    name = definition.get("name")
    if isinstance(name, str) and name.strip().casefold().startswith("tlp"):
        yield name


def _level(sign: Any) -> Tlp | None:
    if not isinstance(sign, str):
        return None
    try:
        return Tlp.parse(sign)
    except TlpUnknown:
        return None


def _differs_from_tlp1(definition: Mapping[str, Any], level: Tlp) -> bool:
    word = "white" if level is Tlp.CLEAR else level.value
    return (
        definition.get("definition_type") != "tlp"
        or definition.get("definition") != {"tlp": word}
        or definition.get("name", f"TLP:{word.upper()}") != f"TLP:{word.upper()}"
        or "extensions" in definition
    )


def _differs(definition: Mapping[str, Any], name: str, extension: str, key: str, word: str) -> bool:
    extensions = definition.get("extensions")
    return (
        definition.get("name", name) != name
        or not isinstance(extensions, Mapping)
        or set(extensions) != {extension}
        or extensions[extension] != {"extension_type": "property-extension", key: word}
    )
