"""Whether an object holds personal data, as far as a program can tell: a suggestion that a person may correct."""

from collections.abc import Iterable

from cirt.objects.codec import StixObject
from cirt.objects.observables.kinds import Kind, Observable

_KINDS = frozenset({Kind.EMAIL, Kind.PHONE})
_TYPES = frozenset({"user-account", "email-message"})


def concern_persons(observables: Iterable[Observable]) -> bool:
    """Mail addresses and telephone numbers."""
    return any(each.kind in _KINDS for each in observables)


def concerns_persons(one: StixObject) -> bool:
    """By what it looks for or states, never by its prose; and by the types that describe persons."""
    if concern_persons(one.observables) or one.type in _TYPES:
        return True
    return one.type == "identity" and one.content().get("identity_class") == "individual"
