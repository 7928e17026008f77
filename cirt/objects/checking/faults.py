"""Where and how an object breaks the schema of its type; asked only once it is known that it does."""

from collections.abc import Iterable
from typing import Any

import orjson
from jsonschema_rs import ValidationError

from cirt.objects.checking.refusal import Refused, short
from cirt.objects.checking.schemas import WORDS, TypeRules
from cirt.objects.checking.vocab import HASHES

_PLAIN_HASH = {name.replace("-", "").upper(): name for name in HASHES}
_MANY = 12  # values of an enumeration that are worth naming
_LONG_PATH = 160


def fault(obj: dict[str, Any], rules: TypeRules) -> Refused:
    """The refusal for the first fault that the schema finds."""
    error = _first_error(obj, rules)
    details = error.kind.as_dict()
    if error.kind.name == "required":
        path = place(obj, [*error.instance_path, details["property"]])
        return Refused("missing-property", path=path)
    path = place(obj, error.instance_path)
    if error.kind.name == "propertyNames":
        return _bad_key(path, details["error"])
    return Refused("bad-property", path=path, problem=_problem(error, details))


def _first_error(obj: dict[str, Any], rules: TypeRules) -> ValidationError:
    """Never all of them: each carries a copy of what it is about, and a peer may send many."""
    try:
        rules.validator.validate(obj)
    except ValidationError as error:
        return error
    raise AssertionError("asked for the fault of an object without one")


def place(obj: dict[str, Any], steps: Iterable[str | int]) -> str:
    """A path in ``obj`` as people write it: ``external_references[0].url``; both its ends if it is long."""
    text = ""
    value: Any = obj
    for step in steps:
        is_list = isinstance(value, list)
        text += f"[{step}]" if is_list else f".{step}"
        value = value[int(step)] if is_list else value.get(str(step))
    text = text.removeprefix(".")
    half = _LONG_PATH // 2
    return text if len(text) <= _LONG_PATH else f"{text[:half]}…{text[-half:]}"


def _bad_key(path: str, error: ValidationError) -> Refused:
    key = str(error.instance)
    right = _PLAIN_HASH.get(key.replace("-", "").replace("_", "").upper())
    if error.kind.name == "enum" and right:
        return Refused("bad-hash-name", name=short(key), right=right)
    problem = f"has the key “{short(key)}”{_instead(error.kind.as_dict())}"
    return Refused("bad-property", path=path, problem=problem)


def _instead(details: dict[str, Any]) -> str:
    words = WORDS.get(details.get("pattern", ""))
    return f"; it must be {words}" if words else ", which is not written as the standard asks"


def _problem(error: ValidationError, details: dict[str, Any]) -> str:
    """The end of a sentence on what is wrong with a property."""
    value = f"is {_shown(error.instance)}"
    match error.kind.name:
        case "type":
            ending = f"{value}; it must be of the JSON type {' or '.join(details['types'])}"
        case "minItems" | "minProperties":
            ending = "is empty; leave it out where it has no value"
        case "minimum" | "maximum" as limit:
            ending = f"{value}; the {limit} is {details['limit']}"
        case "enum":
            ending = f"{value}, which is not one of the values of the standard{_list(details)}"
        case "anyOf":
            ending = f"needs at least one of {_names(details)}"
        case "oneOf":
            ending = "needs exactly one of marking_ref and lang"
        case "contains":
            ending = "names no observable; it needs at least one"
        case _:
            ending = value + _instead(details)
    return ending


def _shown(value: object) -> str:
    """Texts in quotation marks, all else as JSON writes it."""
    return f"“{short(value)}”" if isinstance(value, str) else short(orjson.dumps(value).decode())


def _list(details: dict[str, Any]) -> str:
    values = details.get("options", [])
    return f": {', '.join(map(str, values))}" if 0 < len(values) <= _MANY else ""


def _names(details: dict[str, Any]) -> str:
    found = [error.kind.as_dict() for errors in details["context"] for error in errors]
    return ", ".join(detail["property"] for detail in found if "property" in detail)
