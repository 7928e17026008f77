"""The tree of errors.

CirtError
├── Invalid          what was sent does not hold; names the value and the next step
│   └── FieldsInvalid    one message per field of a form or command
├── NotSignedIn      nobody has signed in
├── NotAllowed       somebody has, but lacks a role
├── NotFound         absent, or hidden from the asker: never told apart
├── Conflict         somebody else was first; the text is kept by the caller
├── TooMany          too many tries; says when to try again
├── TooLarge         over a limit, which is named
└── Unavailable      a part we need does not answer

Every error has a stable ``code`` and a ``message`` with ``{values}``; the edges translate the message and
map the class to an HTTP status or an exit code.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from cirt.kernel.text import mark


class CirtError(Exception):
    """An error that a person can act on."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(self.code)
        self.values = values

    def __str__(self) -> str:
        return self.message.format(**self.values)


class Invalid(CirtError):
    code = "invalid"


class FieldsInvalid(Invalid):
    """Messages per field name; values are already sentences, marked for translation."""

    code = "fields-invalid"
    message = mark("Some fields need attention: {fields}.")

    def __init__(self, errors: Mapping[str, list[str]], kept: Mapping[str, Any]) -> None:
        super().__init__(fields=", ".join(errors))
        self.errors = errors
        self.kept = kept


class NotSignedIn(CirtError):
    code = "not-signed-in"
    message = mark("Sign in first.")


class NotAllowed(CirtError):
    """``needed`` is the permission; the edge says which roles have it."""

    code = "not-allowed"
    message = mark("This needs the right “{needed}”, which you do not have.")


class NotFound(CirtError):
    code = "not-found"
    message = mark("There is nothing here that you may see.")


class Conflict(CirtError):
    code = "conflict"


class TooMany(CirtError):
    code = "too-many"
    message = mark("Too many tries. Try again in {wait_s} seconds.")


class TooLarge(CirtError):
    code = "too-large"
    message = mark("{what} is larger than {limit}.")


class Unavailable(CirtError):
    code = "unavailable"
