"""Rules of single types that a schema cannot say: ends, markings, patterns, what belongs together."""

import binascii
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from cirt.kernel.tlp import Tlp, TlpUnknown
from cirt.objects import markings
from cirt.objects.checking.refusal import Refused, short
from cirt.objects.checking.schemas import TypeRules
from cirt.objects.checking.vocab import (
    APART,
    AT_LEAST_ONE,
    HASHES,
    META,
    SCO,
    SRO,
    TOGETHER,
)
from cirt.objects.patterns.lexer import PatternError
from cirt.objects.patterns.parser import Comparison, Pattern, parse

Object = dict[str, Any]

_NO_END = SRO | META | {"bundle"}
_TOP_LEVEL = "toplevel-property-extension"
_PREFIX = re.compile(r"\A[^/%]+(?:/[0-9]{1,3})?\Z")
_VERSION_5 = 14  # where the version digit stands in a UUID's text
_HEX_HASHES = {
    name.replace("-", ""): re.compile(form.replace("$", r"\Z"))
    for name, form in HASHES.items()
    if name not in ("SSDEEP", "TLSH")  # compared by likeness too, and written in more than one way
}
# Lower case is the rule; the capitals of MISP's ``x_misp_…`` cost nobody anything.
_NAME = re.compile(r"[a-z][a-z0-9_]{2,249}|x_[A-Za-z0-9_]{1,248}")


def check_type(obj: Object, stix_type: str) -> Pattern | None:
    """Apply what holds for this type; the parsed pattern of an indicator of type stix.

    Raises:
        Refused: a rule is broken.
    """
    if stix_type == "indicator":
        return _check_indicator(obj)
    if stix_type in AT_LEAST_ONE and obj.keys().isdisjoint(AT_LEAST_ONE[stix_type]):
        raise Refused("one-needed", names=", ".join(AT_LEAST_ONE[stix_type]))
    for first, second in TOGETHER.get(stix_type, ()):
        if first in obj and second not in obj:
            raise Refused("both-needed", first=first, second=second)
    if stix_type in APART:
        first, second = APART[stix_type]
        if first in obj and second in obj:
            raise Refused("not-both", first=first, second=second)
    rule = _RULES.get(stix_type)
    if rule is not None:
        rule(obj)
    return None


def check_names(obj: Object, rules: TypeRules, extra: set[str]) -> None:
    """Look at the names of properties that the type does not define.

    Raises:
        Refused: a name is none, or means something that this object cannot have.
    """
    for name in sorted(extra):
        if _NAME.fullmatch(name) is None:
            raise Refused("bad-property-name", name=short(name))
        if name in rules.reserved and rules.is_standard:
            problem = "is reserved by the standard; give it another name"
            raise Refused("bad-property", path=name, problem=problem)
        if name in rules.forbidden and not _has_new_properties(obj):
            problem = f"does not belong to the type {obj['type']}; leave it out"
            raise Refused("bad-property", path=name, problem=problem)


def _has_new_properties(obj: Object) -> bool:
    """Section 7.3: an extension may add top-level properties, as those do that version observables."""
    return any(
        extension.get("extension_type") == _TOP_LEVEL
        for extension in obj.get("extensions", {}).values()
    )


def type_of(stix_id: str) -> str:
    return stix_id.rpartition("--")[0]


def _check_indicator(obj: Object) -> Pattern | None:
    if obj["pattern_type"] != "stix":
        return None
    pattern = parse(obj["pattern"])
    if isinstance(pattern, PatternError):
        raise Refused("bad-pattern", **pattern.values)
    for comparison in pattern.comparisons:
        if len(comparison.path) > 1 and comparison.path[-2] == "hashes":
            _check_compared_hash(comparison)
    return pattern


def _check_compared_hash(comparison: Comparison) -> None:
    """What is no such hash can be equal to none: a slip of whoever wrote the pattern."""
    form = _HEX_HASHES.get(comparison.path[-1].replace("-", "").upper())
    if form is None or comparison.op not in ("=", "!=", "IN"):
        return
    for kind, value in comparison.literals:
        if kind == "string" and form.match(str(value)) is None:
            problem = f"compares with “{short(value)}”, which is not a hash of the kind "
            problem += short(comparison.path[-1])
            raise Refused("bad-property", path="pattern", problem=problem)


def _check_relationship(obj: Object) -> None:
    for name in ("source_ref", "target_ref"):
        if type_of(obj[name]) in _NO_END:
            raise Refused("bad-end", path=name, type=type_of(obj[name]))


def _check_sighting(obj: Object) -> None:
    end = type_of(obj["sighting_of_ref"])
    if end in _NO_END or end in SCO:
        raise Refused("bad-end", path="sighting_of_ref", type=end)


def _check_malware(obj: Object) -> None:
    if obj["is_family"] and "name" not in obj:
        raise Refused("missing-property", path="name")


def _check_traffic(obj: Object) -> None:
    if obj.get("is_active") and "end" in obj:
        raise Refused("not-both", first="is_active", second="end")


def _check_email(obj: Object) -> None:
    wrong = "body" if obj["is_multipart"] else "body_multipart"
    if wrong in obj:
        raise Refused("not-both", first=f"is_multipart={obj['is_multipart']}", second=wrong)


def _check_address(obj: Object) -> None:
    """Sections 6.9 and 6.10: one address or CIDR block, without port, zone or brackets."""
    value = obj["value"]
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Refused("bad-address", value=short(value), type=obj["type"]) from None
    if f"ipv{network.version}-addr" != obj["type"] or not _PREFIX.match(value):
        raise Refused("bad-address", value=short(value), type=obj["type"])


def _check_process(obj: Object) -> None:
    """Section 2.9: nothing contributes to the id of a process, so it cannot be computed."""
    if obj["id"].rpartition("--")[2][_VERSION_5] == "5":
        raise Refused(
            "bad-property", path="id", problem="is a UUIDv5; a process needs a random one"
        )


def _check_extension(obj: Object) -> None:
    if "extension_properties" in obj and _TOP_LEVEL not in obj["extension_types"]:
        problem = f"goes only with the extension type {_TOP_LEVEL}"
        raise Refused("bad-property", path="extension_properties", problem=problem)


def _check_artifact(obj: Object) -> None:
    if "payload_bin" not in obj and "url" not in obj:
        raise Refused("one-needed", names="payload_bin, url")
    try:
        binascii.a2b_base64(obj.get("payload_bin", ""), strict_mode=True)
    except ValueError:  # not ASCII, or not base64
        raise Refused("bad-base64", path="payload_bin") from None


def _check_marking(obj: Object) -> None:
    stix_id = obj["id"]
    for name in ("modified", "revoked"):
        if name in obj:
            raise Refused("marking-versioned", name=name)
    if stix_id in obj.get("object_marking_refs", ()) or any(
        granular.get("marking_ref") == stix_id for granular in obj.get("granular_markings", ())
    ):
        raise Refused("marks-itself")
    if "definition" not in obj and "extensions" not in obj:
        raise Refused("marking-empty")
    for first, second in (("definition", "definition_type"), ("definition_type", "definition")):
        if first in obj and second not in obj:
            raise Refused("both-needed", first=first, second=second)
    _check_definition(obj)
    if markings.contradicts_fixed(obj):
        raise Refused("marking-contradicts", id=stix_id)
    _check_tlp_signs(obj)


def _check_definition(obj: Object) -> None:
    """Section 7.2.1: the two types of the standard have one text each, of the same name."""
    name = obj.get("definition_type")
    if name in ("tlp", "statement") and not isinstance(obj["definition"].get(name), str):
        raise Refused("missing-property", path=f"definition.{name}")


def _check_tlp_signs(obj: Object) -> None:
    """A level we cannot read must not pass for no level; a TLP 1 definition has its fixed id."""
    for sign in markings.written_levels(obj):
        try:
            level = Tlp.parse(str(sign))
        except TlpUnknown:
            raise Refused("marking-unknown-level", level=short(sign)) from None
        is_minted = obj.get("definition_type", "").casefold() == "tlp"
        if is_minted and obj["id"] not in markings.TLP_IDS:
            raise Refused("marking-own-tlp", id=markings.TLP2_REFS[level])


_RULES: dict[str, Callable[[Object], None]] = {
    "artifact": _check_artifact,
    "email-message": _check_email,
    "extension-definition": _check_extension,
    "ipv4-addr": _check_address,
    "ipv6-addr": _check_address,
    "malware": _check_malware,
    "marking-definition": _check_marking,
    "network-traffic": _check_traffic,
    "process": _check_process,
    "relationship": _check_relationship,
    "sighting": _check_sighting,
}
