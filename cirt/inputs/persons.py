"""Forms about persons whom an agreement names; their keys are still text here."""

from dataclasses import dataclass, field

from cirt.inputs.base import CommandInput, Line, Text
from cirt.kernel.text import mark

_NAME = mark("Enter the name of the person.")
_EMAIL = mark("Enter their mail address.")
_KEY = mark("Paste their public key, from BEGIN to END.")
_LONG_KEY = mark(
    "This is too long for one key. Export it without pictures and signatures of others."
)
KEY_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Typed:
    """``key`` is armoured text, or empty."""

    name: str
    email: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TypedKey:
    key: str = field(repr=False)


class NamePersonInput(CommandInput[Typed]):
    command = Typed

    name = Line(200, missing=_NAME)
    email = Line(254, missing=_EMAIL)
    key = Text(KEY_MAX, long=_LONG_KEY)


class GiveKeyInput(CommandInput[TypedKey]):
    command = TypedKey

    key = Text(KEY_MAX, missing=_KEY, long=_LONG_KEY)
