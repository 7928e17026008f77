"""Checks one STIX object: types by schema, then what a schema cannot say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cirt.objects.checking.faults import fault
from cirt.objects.checking.hints import hints
from cirt.objects.checking.refusal import Refused, short
from cirt.objects.checking.schemas import UUID, TypeRules, group_of, rules_for
from cirt.objects.checking.type_rules import check_names, check_type
from cirt.objects.checking.vocab import TIME_ORDER
from cirt.objects.patterns.parser import Pattern
from cirt.objects.timestamps import parse_us

Object = dict[str, Any]

_TYPE = re.compile(r"(?=.{3,250}\Z)[a-z](?:-?[a-z0-9])*-?")
_ID = re.compile(rf"([a-z][a-z0-9-]*)--{UUID}")
_STEP = re.compile(r"\[(\d{1,9})\]")


@dataclass(slots=True)
class Checked:
    """What the checks learned on their way: times in microseconds, the parsed pattern, warnings."""

    times: dict[str, int] = field(default_factory=dict)
    pattern: Pattern | None = None
    warnings: list[str] = field(default_factory=list)


def check(obj: Object) -> Checked:
    """Check an object that came from strict JSON.

    Raises:
        Refused: it breaks a rule whose breach would lose meaning.
    """
    checked = Checked()
    stix_type = _check_identity(obj)
    rules = rules_for(stix_type, _check_spec_version(obj, stix_type))
    _check_schema(obj, rules)
    _read_times(obj, rules, checked)
    extra = obj.keys() - rules.known
    if extra:
        check_names(obj, rules, extra)
    _check_times(obj, stix_type, checked.times)
    if rules.needs_own and rules.own.isdisjoint(obj):
        raise Refused("one-needed", names=", ".join(sorted(rules.own)))
    if "granular_markings" in obj:
        _check_selectors(obj)
    checked.pattern = check_type(obj, stix_type)
    checked.warnings = hints(obj, rules.group, extra, checked.pattern)
    return checked


def _check_identity(obj: Object) -> str:
    stix_type, stix_id = obj.get("type"), obj.get("id")
    if stix_type == "bundle":
        raise Refused("inner-bundle")
    if "type" not in obj:
        raise Refused("missing-property", path="type")
    if not isinstance(stix_type, str) or _TYPE.fullmatch(stix_type) is None:
        raise Refused("bad-type", type=short(stix_type))
    match = _ID.fullmatch(stix_id) if isinstance(stix_id, str) else None
    if match is None:
        raise Refused("bad-id", id=short(stix_id))
    if match[1] != stix_type:
        raise Refused("id-not-of-type", id=short(stix_id), type=short(stix_type))
    return stix_type


def _check_spec_version(obj: Object, stix_type: str) -> str:
    """The group of common properties that holds for this object."""
    found = obj.get("spec_version")
    if found == "2.0":
        raise Refused("stix-2-0", found="2.0")
    if found is not None and found != "2.1":
        raise Refused("bad-spec-version", found=short(found))
    group = group_of(stix_type)
    if group == "unknown":
        group = _group_by_extension(obj)
    is_observable = group == "sco" or (
        group == "unknown" and "created" not in obj and "modified" not in obj
    )
    if found is None and not is_observable:
        raise Refused("stix-2-0", found="missing")
    return group


def _group_by_extension(obj: Object) -> str:
    extensions = obj.get("extensions")
    if isinstance(extensions, dict):
        for extension in extensions.values():
            kind = extension.get("extension_type") if isinstance(extension, dict) else None
            if kind == "new-sco":
                return "sco"
            if kind in ("new-sdo", "new-sro"):
                return "sdo"
    return "unknown"


def _check_schema(obj: Object, rules: TypeRules) -> None:
    if not rules.validator.is_valid(obj):
        raise fault(obj, rules)


def _read_times(obj: Object, rules: TypeRules, checked: Checked) -> None:
    for name in rules.times:
        text = obj.get(name)
        if text is None:
            continue
        moment = parse_us(text) if isinstance(text, str) else None
        if moment is None:
            raise Refused("bad-timestamp", path=name, value=short(text))
        checked.times[name] = moment


def _check_times(obj: Object, stix_type: str, times: Mapping[str, int]) -> None:
    if "modified" in times and "created" in times and times["modified"] < times["created"]:
        raise Refused("modified-before-created", modified=obj["modified"], created=obj["created"])
    for earlier, later, may_be_equal in TIME_ORDER.get(stix_type, ()):
        if earlier in times and later in times:
            gap = times[later] - times[earlier]
            if gap < 0 or (gap == 0 and not may_be_equal):
                raise Refused("time-order", earlier=earlier, later=later)


def _check_selectors(obj: Object) -> None:
    for marking in obj["granular_markings"]:
        for selector in marking["selectors"]:
            if not _points_at_something(obj, selector):
                raise Refused("bad-selector", selector=short(selector))


def _points_at_something(obj: Object, selector: str) -> bool:
    """STIX 2.1, section 7.2.3.1: names and list positions, joined by dots."""
    place: Any = obj
    for step in selector.split("."):
        index = _STEP.fullmatch(step)
        if isinstance(place, list) and index and int(index[1]) < len(place):
            place = place[int(index[1])]
        elif isinstance(place, dict) and step in place:
            place = place[step]
        else:
            return False
    return True
