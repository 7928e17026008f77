"""Good, bad and odd objects by the hundred, each with its verdict and the section it follows from."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tests.support import standard
from tests.support.standard import COMMON, MAY_HAVE, OBJECTS, Sample, group_of, ref

Object = dict[str, Any]
_BAD_TIMES = (
    "2025-03-01", "2025-03-01 10:00:00Z", "2025-03-01T10:00:00", "2025-03-01T10:00:00+00:00",
    "2025-03-01t10:00:00Z", "2025-03-01T10:00:00z", "2025-03-01T10:00Z", "2025-03-01T10:00:00.Z",
    "2025-13-01T10:00:00Z", "2025-03-01T24:00:00Z", "2025-03-01T10:60:00Z", "2025-03-01T10:00:61Z",
    "2025-03-01T10:00:00Z\n", "", "yesterday",
)  # fmt: skip
_GOOD_TIMES = ("2024-02-29T10:00:00.123456789Z", "2016-12-31T23:59:60Z", "2025-01-01T00:00:00.5Z")


@dataclass(frozen=True, slots=True)
class Case:
    """``said`` is part of the reason of a refusal, or of a warning of what is taken; "" for none."""

    section: str
    what: str
    raw: bytes
    is_taken: bool
    said: str = ""

    def __str__(self) -> str:
        return f"{self.section} {self.what}"


def cases() -> Iterator[Case]:
    for stix_type, sample in OBJECTS.items():
        yield from _of_type(stix_type, sample)
        yield from _of_common(stix_type)
    for (owner, name), sample in standard.EXTENSIONS.items():
        yield from _of_extension(owner, name, sample)
    yield from _of_order()
    yield from _of_values()


def an_object_of(stix_type: str, properties: Object) -> Object:
    """With what its group of types requires (section 3.2)."""
    group = group_of(stix_type)
    required = (name for name in MAY_HAVE if MAY_HAVE[name][group] == "required")
    head = {"type": stix_type, "id": ref(stix_type)}
    return copy.deepcopy({**head, **{name: COMMON[name] for name in required}, **properties})


def smallest(stix_type: str, **changes: Any) -> Object:
    sample = OBJECTS.get(stix_type, Sample("3.1", {}))
    return {**an_object_of(stix_type, sample.smallest()), **changes}


def _taken(section: str, what: str, obj: Object, said: str = "") -> Case:
    return Case(section, what, orjson.dumps(obj), is_taken=True, said=said)


def _refused(section: str, what: str, obj: Object, said: str) -> Case:
    return Case(section, what, orjson.dumps(obj), is_taken=False, said=said)


def _without(obj: Object, *names: str) -> Object:
    return {name: value for name, value in obj.items() if name not in names}


def _of_type(stix_type: str, sample: Sample) -> Iterator[Case]:
    where, full = sample.section, an_object_of(stix_type, sample.full())
    yield _taken(where, f"{stix_type} with all of its properties", full)
    yield _taken(where, f"{stix_type} with no more than it needs", smallest(stix_type))
    for name in sample.needs:
        yield _refused(where, f"{stix_type} without {name}", _without(full, name), name)
    some = sample.one_of or (tuple(sample.properties) if not sample.needs else ())
    if some:
        yield _refused(where, f"{stix_type} with none of {some}", _without(full, *some), some[0])
    for name, value in sample.properties.items():
        excluded = () if name in full else sample.one_of
        obj = _without(full, *excluded)
        yield from _of_property(where, stix_type, obj, (name,), value)
    for name, value in (("type", stix_type.upper()), ("id", ref("x-other")), ("id", stix_type)):
        yield _refused(where, f"{stix_type} with the {name} {value}", {**full, name: value}, value)


def _of_extension(owner: str, name: str, sample: Sample) -> Iterator[Case]:
    where, what = sample.section, f"{owner} with {name}"
    host = smallest(owner)

    def extended(properties: Any) -> Object:
        return {**host, "extensions": {name: properties}}

    yield _taken(where, f"{what} in full", extended(sample.full()))
    yield _taken(where, f"{what} as small as can be", extended(sample.smallest()))
    yield _refused(where, f"{what}, empty", extended({}), name)
    yield _refused(where, f"{what}, a list", extended([1]), name)
    for each in sample.needs:
        lacking = extended(_without(sample.full(), each))
        yield _refused(where, f"{what} without {each}", lacking, f"extensions.{name}.{each}")
    for each, value in sample.properties.items():
        obj = extended(sample.full())
        yield from _of_property(where, owner, obj, ("extensions", name, each), value)


def _changed(obj: Object, path: tuple[str, ...], value: Any) -> Object:
    changed = copy.deepcopy(obj)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def _of_property(
    where: str, stix_type: str, obj: Object, path: tuple[str, ...], value: Any
) -> Iterator[Case]:
    name, shown = path[-1], ".".join(path)
    for wrong in _wrong_types(value):
        what = f"{stix_type} whose {shown} is {wrong!r}"
        yield _refused(where, what, _changed(obj, path, wrong), "null" if wrong is None else shown)
    for text in _bad_texts(name):
        yield _refused(where, f"{stix_type}: {shown} {text!r}", _changed(obj, path, text), shown)
    if name.endswith(("_ref", "_refs")):
        yield from _of_reference(where, stix_type, obj, path, value)
    if name in standard.RANGES:
        yield from _of_range(where, stix_type, obj, path)
    if name.endswith("hashes"):
        yield from _of_hashes(where, stix_type, obj, path)
    yield from _of_vocabulary(where, stix_type, obj, path, value)


def _bad_texts(name: str) -> tuple[str, ...]:
    if name in standard.TIMES:
        return _BAD_TIMES
    return ("abc", "0x0f", "zz", "ab cd") if name in standard.HEX else ()


def _of_vocabulary(
    where: str, stix_type: str, obj: Object, path: tuple[str, ...], value: Any
) -> Iterator[Case]:
    shown = ".".join(path)
    if (stix_type, shown) in standard.OPEN:
        odd = ["of-their-own"] if isinstance(value, list) else "of-their-own"
        what = f"{stix_type} with a {shown} of their own"
        yield _taken(where, what, _changed(obj, path, odd), "of-their-own")
    for word in standard.ENUMS.get((stix_type, shown), "").split():
        yield _taken(where, f"{stix_type}: {shown} {word}", _changed(obj, path, word))
        wrong = word.swapcase()
        yield _refused(where, f"{stix_type}: {shown} {wrong}", _changed(obj, path, wrong), shown)


def _wrong_types(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return ["true", 1, [value], None]
    if isinstance(value, str):
        return [5, True, [value], {"a": value}, None]
    if isinstance(value, int):
        return [str(value), 1.5, [value], True, None]
    if isinstance(value, float):
        return [str(value), [value], None]
    if isinstance(value, list):
        items = [[wrong] for wrong in _wrong_types(value[0])[:2]]
        return [value[0], [], {}, None, [None], *items]
    return ["text", 5, [value], {}, None]


def _of_reference(
    where: str, stix_type: str, obj: Object, path: tuple[str, ...], value: Any
) -> Iterator[Case]:
    shown = ".".join(path)
    wrongs = [ref("file").upper(), "file", standard.UUID4, f"--{standard.UUID4}", "file--1", ""]
    if (stix_type, path[-1]) not in standard.ANYTHING:
        targets = standard.WRONG_TARGETS.get((stix_type, path[-1]), ("report",))
        wrongs += [ref(target) for target in targets]
    for wrong in wrongs:
        given = [*value, wrong] if isinstance(value, list) else wrong
        what = f"{stix_type} whose {shown} names {wrong!r}"
        yield _refused(where, what, _changed(obj, path, given), shown)


def _of_range(where: str, stix_type: str, obj: Object, path: tuple[str, ...]) -> Iterator[Case]:
    low, high = standard.RANGES[path[-1]]
    what = f"{stix_type} whose {'.'.join(path)} is"
    for number in (low, high):
        yield _taken(where, f"{what} {number}", _changed(obj, path, number))
    for number in (low - 1, high + 1):
        said = str(number) if abs(number) > standard.MOST else ".".join(path)
        yield _refused(where, f"{what} {number}", _changed(obj, path, number), said)


def _of_hashes(where: str, stix_type: str, obj: Object, path: tuple[str, ...]) -> Iterator[Case]:
    shown, some = ".".join(path), "a" * 64
    for name, right in (
        ("sha256", "SHA-256"), ("SHA256", "SHA-256"), ("md5", "MD5"), ("sha-1", "SHA-1"),
        ("SHA3_256", "SHA3-256"), ("ssdeep", "SSDEEP"),
    ):  # fmt: skip
        obj_ = _changed(obj, path, {name: some})
        yield _refused(where, f"{stix_type}: {shown} called {name}", obj_, right)
    for name, value in (
        ("MD5", "a" * 31), ("SHA-1", "a" * 32), ("SHA-256", "g" * 64), ("SHA-512", some),
        ("SHA3-256", "a" * 63), ("SSDEEP", "abc"), ("TLSH", some), ("SHA-256", 5), ("x", some),
        ("with space", some),
    ):  # fmt: skip
        obj_ = _changed(obj, path, {name: value})
        yield _refused(where, f"{stix_type}: {shown} {name}={value}", obj_, shown)
    for name, value in (("SHA-256", "A" * 64), ("TLSH", "T1" + "a" * 70), ("IMPHASH", "x")):
        odd = "IMPHASH not in the vocabulary" if name == "IMPHASH" and len(path) == 1 else ""
        yield _taken(where, f"{stix_type}: {shown} {name}", _changed(obj, path, {name: value}), odd)


def _of_common(stix_type: str) -> Iterator[Case]:
    group = group_of(stix_type)
    for name, verdicts in MAY_HAVE.items():
        verdict, obj = verdicts[group], smallest(stix_type)
        what = f"{stix_type} with {name}"
        if verdict == "not allowed":
            yield _refused("3.2", what, {**obj, name: COMMON[name]}, name)
            continue
        yield _taken("3.2", what, {**obj, name: COMMON[name]})
        if verdict == "required":
            yield _refused("3.2", f"{stix_type} without {name}", _without(obj, name), name)
        elif name == "spec_version":
            yield _taken("3.2", f"{stix_type} without {name}", _without(obj, name))
        for wrong in _wrong_types(COMMON[name]):
            said = "null" if wrong is None else name
            what = f"{stix_type} whose {name} is {wrong!r}"
            yield _refused("3.2", what, {**obj, name: wrong}, said)
    if group != "sdo" or stix_type == "tool":
        for version in ("2.0", "2.2", "1.2", ""):
            what = f"{stix_type} of version {version}"
            yield _refused("3.2", what, smallest(stix_type, spec_version=version), "spec_version")


def _of_order() -> Iterator[Case]:
    for stix_type, earlier, later, may_be_equal in standard.ORDER:
        obj = smallest(stix_type)
        times = {earlier: standard.DAY, later: standard.DAY}
        what = f"{stix_type} with {earlier} at {later}"
        if may_be_equal:
            yield _taken("3.2", what, {**obj, **times})
        else:
            yield _refused("3.2", what, {**obj, **times}, later)
        swapped = {earlier: standard.NEXT_DAY, later: standard.DAY}
        what = f"{stix_type} with {earlier} after {later}"
        yield _refused("3.2", what, {**obj, **swapped}, later.partition("_")[0])
        for time in _GOOD_TIMES:
            if earlier != "created":
                yield _taken("2.16", f"{stix_type} with {earlier} {time}", {**obj, earlier: time})


def _of_values() -> Iterator[Case]:
    for section, stix_type, changes, said in REFUSED:
        obj = smallest(stix_type, **changes)
        yield _refused(section, f"{stix_type} with {changes}", _cut(obj), said)
    for section, stix_type, changes, said in TAKEN:
        obj = smallest(stix_type, **changes)
        yield _taken(section, f"{stix_type} with {changes}", _cut(obj), said)


def _cut(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if value is not None}


_AMBER, _EXT, _DAY = standard.TLP_AMBER, standard.EXTENSION, standard.DAY
_TLP2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"


def _marked(*selectors: str) -> Object:
    return {"granular_markings": [{"selectors": list(selectors), "marking_ref": _AMBER}]}


def _extended(kind: str, **content: Any) -> Object:
    return {"extensions": {_EXT: {"extension_type": kind, **content}}}


# (section, type, what to change in the smallest object; None takes away, part of the reason)
REFUSED: tuple[tuple[str, str, Object, str], ...] = (
    ("2.4", "tool", {"x_number": 2**53}, "9007199254740992"),
    ("2.4", "tool", {"x_number": -(2**53)}, "-9007199254740992"),
    ("2.5", "tool", {"external_references": [{"source_name": "x"}]}, "external_references[0]"),
    ("2.5", "tool", {"external_references": [{"url": "https://a.example"}]}, "source_name"),
    ("2.5", "tool", {"external_references": [{"source_name": "cve", "external_id": "2024-1"}]}, "external_id"),
    ("2.5", "tool", {"external_references": [{"source_name": "capec", "external_id": "163"}]}, "external_id"),
    ("2.5", "tool", {"external_references": [{"source_name": 5, "url": "x"}]}, "source_name"),
    ("2.5", "tool", {"external_references": [{"source_name": "x", "url": "y", "hashes": {"sha256": "a" * 64}}]}, "SHA-256"),
    ("2.5", "tool", {"external_references": [{"source_name": "x", "url": "y", "hashes": {}}]}, "hashes"),
    ("2.9", "process", {"id": "process--ff1e0780-358c-5808-a8c7-d0fca4ef6ef4"}, "random"),
    ("2.9", "tool", {"id": f"tool--{standard.UUID4[:-1]}"}, "tool--"),
    ("2.9", "tool", {"id": f"tool--{{{standard.UUID4}}}"}, "tool--"),
    ("2.9", "tool", {"id": f"tool-{standard.UUID4}"}, "tool-"),
    ("2.11", "tool", {"kill_chain_phases": [{"kill_chain_name": "x"}]}, "phase_name"),
    ("2.11", "tool", {"kill_chain_phases": [{"phase_name": "x"}]}, "kill_chain_name"),
    ("2.11", "tool", {"kill_chain_phases": [{"kill_chain_name": "x", "phase_name": 5}]}, "kill_chain_phases[0].phase_name"),
    ("3.1", "tool", {"X-Foo": 1}, "X-Foo"),
    ("3.1", "tool", {"Custom": 1}, "Custom"),
    ("3.1", "tool", {"ab": 1}, "ab"),
    ("3.1", "tool", {"_ab": 1}, "_ab"),
    ("3.1", "tool", {"9ab": 1}, "9ab"),
    ("3.1", "tool", {"né": 1}, "né"),
    ("3.1", "tool", {"": 1}, "property name"),
    ("3.1", "tool", {"a" * 251: 1}, "aaa"),
    ("3.2", "tool", {"lang": "en_US"}, "The property lang is “en_US”; it must be a language tag"),
    ("3.2", "tool", {"confidence": "50"}, "confidence is “50”; it must be of the JSON type integer"),
    ("3.2", "tool", {"name": True}, "name is true; it must be of the JSON type string"),
    ("3.2", "tool", {"name": "x" * 100, "labels": "x" * 100}, "labels is “" + "x" * 79 + "…”; it must"),
    ("2.7", "file", {"hashes": {"SHA-256": "abc"}}, "hashes.SHA-256 is “abc”; it must be 64 hexadecimal digits"),
    ("3.2", "tool", {"lang": "français"}, "lang"),
    ("3.2", "tool", {"lang": ""}, "lang"),
    ("3.2", "tool", {"created_by_ref": ref("tool")}, "created_by_ref"),
    ("3.2", "tool", {"object_marking_refs": [ref("identity")]}, "object_marking_refs[0]"),
    ("3.8", "tool", {"severity": "high"}, "severity"),
    ("3.8", "incident", {"username": "x"}, "username"),
    ("3.8", "identity", {"phone_number": "1"}, "phone_number"),
    ("4.3", "course-of-action", {"action": "x"}, "action"),
    ("4.7", "indicator", {"pattern": ""}, "pattern"),
    ("4.7", "indicator", {"pattern": "[ipv4-addr:value = '1.2.3.4'"}, "character 28"),
    ("4.7", "indicator", {"pattern": "[a:b MATCHES '(']"}, "unterminated"),
    ("4.10", "location", {"country": None, "latitude": 1.5}, "longitude"),
    ("4.10", "location", {"longitude": 1.5}, "latitude"),
    ("4.10", "location", {"precision": 5}, "latitude"),
    ("4.10", "location", {"country": None, "city": "Paris"}, "region, country"),
    ("4.14", "observed-data", {"objects": {"0": {"type": "url", "value": "a"}}}, "objects"),
    ("4.14", "observed-data", {"object_refs": [ref("relationship")]}, "no observable"),
    ("4.14", "observed-data", {"object_refs": None, "objects": {"0": "text"}}, "objects.0"),
    ("5.1", "relationship", {"relationship_type": "Uses It"}, "relationship_type"),
    ("5.1", "relationship", {"relationship_type": ""}, "relationship_type"),
    ("6.1", "artifact", {"payload_bin": "A"}, "payload_bin"),
    ("6.1", "artifact", {"payload_bin": "AA=A"}, "payload_bin"),
    ("6.1", "artifact", {"payload_bin": "AAAA\n"}, "payload_bin"),
    ("6.1", "artifact", {"url": "https://a.example", "hashes": {"MD5": "a" * 32}}, "payload_bin"),
    ("6.1", "artifact", {"payload_bin": None, "url": "https://a.example"}, "hashes"),
    ("6.1", "artifact", {"decryption_key": "x"}, "encryption_algorithm"),
    ("6.6", "email-message", {"body": "x", "is_multipart": True}, "body"),
    ("6.6", "email-message", {"body_multipart": [{"body": "x"}], "is_multipart": False}, "body_multipart"),
    ("6.6", "email-message", {"body_multipart": [{"content_type": "text/plain"}]}, "body_raw_ref"),
    ("6.6", "email-message", {"body_multipart": [{"body_raw_ref": ref("url")}]}, "body_raw_ref"),
    ("6.6", "email-message", {"additional_header_fields": {"X Y": ["a"]}}, "X Y"),
    ("6.6", "email-message", {"additional_header_fields": {"X": []}}, "additional_header_fields.X"),
    ("6.6", "email-message", {"additional_header_fields": {"X": [5]}}, "additional_header_fields.X"),
    ("6.8", "ipv4-addr", {"value": "198.51.100.256"}, "198.51.100.256"),
    ("6.8", "ipv4-addr", {"value": "198.51.100.3:80"}, "198.51.100.3:80"),
    ("6.8", "ipv4-addr", {"value": " 198.51.100.3"}, "198.51.100.3"),
    ("6.8", "ipv4-addr", {"value": "198.51.100.03"}, "198.51.100.03"),
    ("6.8", "ipv4-addr", {"value": "198.51.100"}, "198.51.100"),
    ("6.8", "ipv4-addr", {"value": "198.51.100.0/33"}, "/33"),
    ("6.8", "ipv4-addr", {"value": "198.51.100.0/255.255.255.0"}, "255"),
    ("6.8", "ipv4-addr", {"value": "2001:db8::1"}, "2001:db8::1"),
    ("6.8", "ipv4-addr", {"value": "a.example"}, "a.example"),
    ("6.8", "ipv4-addr", {"value": ""}, "ipv4-addr"),
    ("6.9", "ipv6-addr", {"value": "198.51.100.3"}, "198.51.100.3"),
    ("6.9", "ipv6-addr", {"value": "2001:db8::1::2"}, "2001:db8::1::2"),
    ("6.9", "ipv6-addr", {"value": "2001:db8::/129"}, "/129"),
    ("6.9", "ipv6-addr", {"value": "[2001:db8::1]"}, "2001:db8::1"),
    ("6.9", "ipv6-addr", {"value": "fe80::1%eth0"}, "eth0"),
    ("6.9", "ipv6-addr", {"value": "2001:db8:0:0:0:0:0:0:1"}, "2001:db8"),
    ("6.10", "mac-addr", {"value": "D2:FB:49:24:37:18"}, "value"),
    ("6.10", "mac-addr", {"value": "d2-fb-49-24-37-18"}, "value"),
    ("6.10", "mac-addr", {"value": "d2:fb:49:24:37"}, "value"),
    ("6.12", "network-traffic", {"is_active": True, "end": _DAY}, "is_active"),
    ("6.12", "network-traffic", {"ipfix": {"a": 1.5}}, "ipfix.a"),
    ("6.12", "network-traffic", {"ipfix": {"a b": 1}}, "a b"),
    ("6.13", "process", {"environment_variables": {"PATH": 5}}, "environment_variables.PATH"),
    ("6.14", "software", {"cpe": "cpe:/a:microsoft:word"}, "cpe"),
    ("6.14", "software", {"cpe": "cpe:2.3:a:microsoft:word"}, "cpe"),
    ("6.14", "software", {"languages": ["en_GB"]}, "languages[0]"),
    ("6.17", "windows-registry-key", {"values": [{}]}, "values[0]"),
    ("6.17", "windows-registry-key", {"values": [{"data_type": "REG_WORD"}]}, "data_type"),
    ("6.17", "windows-registry-key", {"values": [{"name": 5}]}, "values[0].name"),
    ("6.18", "x509-certificate", {"x509_v3_extensions": {"private_key_usage_period_not_after": "x"}}, "not_after"),
    ("6.18", "x509-certificate", {"x509_v3_extensions": {"key_usage": 5}}, "x509_v3_extensions.key_usage"),
    ("7.1", "language-content", {"contents": {"español": {"name": "x"}}}, "español"),
    ("7.1", "language-content", {"contents": {"es": "x"}}, "contents.es"),
    ("7.1", "language-content", {"contents": {"es": {}}}, "contents.es"),
    ("7.2.1", "marking-definition", {"definition": None}, "definition"),
    ("7.2.1", "marking-definition", {"definition_type": None}, "definition_type"),
    ("7.2.1", "marking-definition", {"definition": None, "definition_type": None}, "definition"),
    ("7.2.1", "marking-definition", {"definition": {"words": "x"}}, "definition.statement"),
    ("7.2.1", "marking-definition", {"definition": {"statement": 5}}, "definition.statement"),
    ("7.2.1", "marking-definition", {"definition_type": "tlp", "definition": {"level": "x"}}, "definition.tlp"),
    ("7.2.1", "marking-definition", {"definition_type": "tlp", "definition": {"tlp": "amber"}}, "fixed one"),
    ("7.2.1", "marking-definition", {"definition_type": "tlp", "definition": {"tlp": "blue"}}, "blue"),
    ("7.2.1", "marking-definition", {"object_marking_refs": [ref("marking-definition")]}, "itself"),
    ("7.2.1", "marking-definition", {"id": _AMBER}, "fixed marking"),
    ("7.2.1", "marking-definition", {"definition": None, "definition_type": None, "extensions": {_TLP2: {"extension_type": "property-extension", "tlp_2_0": "blue"}}}, "blue"),
    ("7.2.3", "tool", _marked("nothing"), "nothing"),
    ("7.2.3", "tool", _marked("name.[0]"), "name.[0]"),
    ("7.2.3", "tool", {"labels": ["a"], **_marked("labels.[1]")}, "labels.[1]"),
    ("7.2.3", "tool", {"labels": ["a"], **_marked("labels[0]")}, "labels[0]"),
    ("7.2.3", "tool", _marked("name", "name."), "granular_markings[0].selectors[1]"),
    ("7.2.3", "tool", {"granular_markings": [{"selectors": ["name"], "marking_ref": ref("tool")}]}, "marking_ref"),
    ("7.2.3", "tool", {"granular_markings": [{"selectors": ["name"], "lang": "en_US"}]}, "lang"),
    ("7.2.3", "tool", {"granular_markings": [{"marking_ref": _AMBER}]}, "selectors"),
    ("7.2.3", "tool", {"granular_markings": [{"selectors": ["name"]}]}, "exactly one"),
    ("7.2.3", "tool", {"granular_markings": [{"selectors": ["name"], "lang": "en", "marking_ref": _AMBER}]}, "exactly one"),
    ("7.3", "tool", {"extensions": {_EXT: {"rank": 5}}}, "extension_type"),
    ("7.3", "tool", {"extensions": {_EXT: {}}}, "extension_type"),
    ("7.3", "tool", {"extensions": {"extension-definition--1": {"extension_type": "new-sdo"}}}, "extension-definition--1"),
    ("7.3", "tool", {"extensions": {"x y": {"a": 1}}}, "x y"),
    ("7.3", "tool", {"extensions": {"x-ext": {}}}, "x-ext"),
    ("7.3", "tool", _extended("custom"), "extension_type"),
    ("7.3", "extension-definition", {"extension_types": ["new-sdo"], "extension_properties": ["rank"]}, "extension_properties"),
    ("7.3", "extension-definition", {"extension_types": ["new-thing"]}, "extension_types[0]"),
    ("7.3", "extension-definition", {"extension_properties": ["Rank"]}, "extension_properties[0]"),
)  # fmt: skip

# (section, type, what to change, part of a warning or "" for none)
TAKEN: tuple[tuple[str, str, Object, str], ...] = (
    ("2.4", "tool", {"x_number": 2**53 - 1}, "custom properties: x_number"),
    ("2.5", "tool", {"external_references": [{"source_name": "x", "description": "y"}]}, ""),
    ("2.5", "tool", {"external_references": [{"source_name": "cve", "external_id": "CVE-2024-123456"}]}, ""),
    ("2.5", "tool", {"external_references": [{"source_name": "capec", "external_id": "CAPEC-163"}]}, ""),
    ("2.9", "ipv4-addr", {"id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"}, ""),
    ("2.9", "ipv4-addr", {"id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5"}, "id is not the one"),
    ("2.9", "tool", {"id": "tool--9f1c3d1e-7d0a-7a53-9b36-0c0d3c4e2a10"}, ""),
    ("2.9", "tool", {"id": "tool--00000000-0000-0000-0000-000000000000"}, ""),
    ("3.1", "tool", {"x_misp_KnownMalicious": 1}, "x_misp_KnownMalicious"),
    ("3.1", "tool", {"abc": 1}, "abc"),
    ("3.2", "tool", {"lang": "zh-Hant-TW-x-mine"}, ""),
    ("3.2", "tool", {"confidence": 50.0}, ""),
    ("3.2", "tool", {"created": "2025-03-01T10:00:00Z"}, ""),
    ("3.8", "x-thing", {"severity": "high", "action": "x"}, "not of the standard"),
    ("3.8", "tool", {"action": "x"}, "custom properties: action"),
    ("4.7", "indicator", {"pattern": "anything at all", "pattern_type": "sigma"}, ""),
    ("4.7", "indicator", {"pattern": "[a:b = 1]", "pattern_type": "own"}, "not in the vocabulary"),
    ("4.7", "indicator", {"pattern": "[app:id = 'x']"}, "unknown object types app"),
    ("4.10", "location", {"country": "de"}, ""),
    ("4.11", "malware", {"is_family": False, "name": None}, ""),
    ("4.14", "observed-data", {"object_refs": None, "objects": {"0": {"type": "url"}}}, ""),
    ("5.1", "relationship", {"relationship_type": "of-their-own"}, "not a relationship of the standard"),
    ("5.1", "relationship", {"source_ref": ref("x-thing"), "target_ref": ref("url")}, ""),
    ("6.1", "artifact", {"payload_bin": None, "url": "https://a.example", "hashes": {"MD5": "a" * 32}}, ""),
    ("6.4", "domain-name", {"value": "not a domain"}, "not a valid domain-name"),
    ("6.5", "email-addr", {"value": "Jane <jane@example.com>"}, "not a valid email-addr"),
    ("6.6", "email-message", {"is_multipart": False, "body": "x"}, ""),
    ("6.6", "email-message", {"additional_header_fields": {"Reply-To": "a@a.example"}}, ""),
    ("6.8", "ipv4-addr", {"value": "198.51.100.0/24"}, ""),
    ("6.8", "ipv4-addr", {"value": "198.51.100.7/32"}, ""),
    ("6.9", "ipv6-addr", {"value": "2001:DB8::/32"}, ""),
    ("6.9", "ipv6-addr", {"value": "::ffff:198.51.100.3"}, ""),
    ("6.13", "process", {"pid": None, "extensions": {"windows-process-ext": {"dep_enabled": True}}}, ""),
    ("6.16", "user-account", {"user_id": None, "extensions": {"unix-account-ext": {"gid": 0}}}, ""),
    ("6.17", "windows-registry-key", {"key": "HKLM\\Software"}, "not written in full"),
    ("6.17", "windows-registry-key", {"key": "hkey_local_machine\\System"}, ""),
    ("7.2.1", "marking-definition", {"definition_type": "own", "definition": {"any": 1}}, ""),
    ("7.2.1", "marking-definition", {"definition": None, "definition_type": None, "extensions": {_TLP2: {"extension_type": "property-extension", "tlp_2_0": "amber+strict"}}}, ""),
    ("7.2.3", "tool", {"labels": ["a"], **_marked("labels.[0]", "labels", "id")}, ""),
    ("7.2.3", "tool", {"granular_markings": [{"selectors": ["name"], "lang": "fr"}]}, ""),
    ("7.3", "tool", {**_extended("toplevel-property-extension"), "rank": 5}, "custom properties: rank"),
    ("7.3", "url", {**_extended("toplevel-property-extension"), "created": _DAY, "modified": _DAY, "revoked": False}, "custom"),
    ("7.3", "tool", {"extensions": {"x-their-ext": {"a": 1}}}, ""),
    *(("7.3", "tool", _extended(kind), "") for kind in standard.EXTENSION_TYPES.split()),
    *(("7.3", "extension-definition", {"extension_types": [kind]}, "") for kind in standard.EXTENSION_TYPES.split()),
    *(("6.17", "windows-registry-key", {"values": [{"data_type": kind}]}, "") for kind in standard.REGISTRY_TYPES.split()),
)  # fmt: skip
