"""Why a single object is not taken: stable codes and their sentences."""

from dataclasses import dataclass
from typing import Any

from cirt.kernel.text import mark
from cirt.objects.glimpse import Glimpse

MAX_SHOWN = 80

MESSAGES: dict[str, str] = {
    "not-json": mark("This is not JSON: {problem}."),
    "not-an-object": mark("A STIX object is a JSON object, and this is not."),
    "too-deep": mark("The object is nested deeper than {limit} levels."),
    "too-large": mark("The object has {size} bytes; at most {limit} are taken."),
    "too-many-values": mark("The object has more than {limit} values; no more are taken in one."),
    "duplicate-key": mark("The property “{key}” is given twice in the same JSON object."),
    "null-value": mark("The property {path} is null. Leave out what has no value."),
    "number-too-large": mark("The number {number} is beyond what STIX integers hold."),
    "nul-character": mark(
        "The property {path} contains the character U+0000, which STIX consumers cannot keep."
    ),
    "bad-type": mark("“{type}” is not a STIX object type."),
    "inner-bundle": mark("A bundle inside an envelope is not taken. Send its objects themselves."),
    "bad-id": mark("“{id}” is not an id: it needs a type, two hyphens and a UUID in lower case."),
    "id-not-of-type": mark("The id {id} does not begin with the object's type, {type}."),
    "stix-2-0": mark(
        "This is a STIX 2.0 object: its spec_version is {found}. Send it as STIX 2.1."
    ),
    "bad-spec-version": mark("The spec_version is “{found}”; this program reads 2.1."),
    "missing-property": mark("The required property {path} is missing."),
    "bad-property": mark("The property {path} {problem}."),
    "bad-property-name": mark(
        "“{name}” is not a property name: use 3 to 250 of a-z, 0-9 and _, a letter first."
    ),
    "bad-timestamp": mark(
        "The property {path} is “{value}”, which is not a UTC time of a real date."
    ),
    "modified-before-created": mark(
        "It was modified ({modified}) before it was created ({created})."
    ),
    "time-order": mark("The time in {later} must be after the time in {earlier}."),
    "one-needed": mark("At least one of these properties is needed: {names}."),
    "both-needed": mark("The property {first} needs {second} beside it."),
    "not-both": mark("The properties {first} and {second} exclude each other."),
    "bad-hash-name": mark("The hash “{name}” is spelled {right} in STIX."),
    "bad-address": mark("“{value}” is not an address of the type {type}."),
    "bad-base64": mark("The property {path} is not base64."),
    "bad-end": mark("The property {path} names a {type}, which cannot stand there."),
    "bad-selector": mark("The granular marking selects “{selector}”, and there is nothing there."),
    "marks-itself": mark("The marking-definition refers to itself."),
    "marking-versioned": mark("A marking-definition has no {name}: its meaning never changes."),
    "marking-empty": mark(
        "The marking-definition states nothing: it has no definition and no extensions."
    ),
    "marking-contradicts": mark(
        "The id {id} is that of a fixed marking, and the content says otherwise."
    ),
    "marking-own-tlp": mark(
        "A TLP marking has another id than the fixed one. Refer to {id} instead."
    ),
    "marking-unknown-level": mark(
        "The marking-definition states the TLP level “{level}”, which is unknown."
    ),
    "bad-pattern": mark(
        "The pattern breaks off at character {position}: {found} where {expected} is due."
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that is not taken; ``message`` is a sentence with ``{values}``.

    ``seen`` is what it shows of markings all the same.
    """

    code: str
    values: dict[str, Any]
    raw: bytes
    seen: Glimpse
    stix_id: str | None = None
    version_text: str | None = None

    @property
    def message(self) -> str:
        return MESSAGES[self.code]

    def __str__(self) -> str:
        return self.message.format(**self.values)


class Refused(Exception):
    """Stops the checks of one object; never leaves this package."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def short(value: object) -> str:
    """A peer's value as it may stand in a message."""
    text = str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
