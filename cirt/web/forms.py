"""What a form page shows: values, messages per field, and what was typed, kept over a sign-in or a fault."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import request

from cirt.kernel.errors import CirtError, FieldsInvalid
from cirt.kernel.keys import Keys, TokenWrong
from cirt.web import i18n

E = TypeVar("E", bound=StrEnum)

_UNKEPT = frozenset({"form_token", "password", "old_password", "new_password", "again", "kept"})
_KEPT_FOR = timedelta(days=1)
_KEPT = "kept-fields"
_PUBLIC_FORM = "public-form"
_PUBLIC_FORM_AGE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Form:
    """Values to show in fields, and what is wrong with them, in the reader's language."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def value(self, name: str, otherwise: str = "") -> str:
        value = self.values.get(name, otherwise)
        return str(value) if value is not None else otherwise

    def chosen(self, name: str) -> list[str]:
        """The values of a field that may be given several times."""
        value = self.values.get(name, [])
        return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]

    def error(self, name: str) -> str:
        return " ".join(self.errors.get(name, ()))


def refused(error: CirtError, *, at: str = "", names: Mapping[str, str] | None = None) -> Form:
    """The form as it was sent, with the messages; an error without fields is shown at the field ``at``.

    ``names`` says where a field of the command has another name on the page.
    """
    values = typed_values()
    if not isinstance(error, FieldsInvalid):
        return Form(values, {at: [i18n.say_error(error)]})
    messages: dict[str, list[str]] = {}
    for name, sentences in error.errors.items():
        shown = messages.setdefault((names or {}).get(name, name), [])
        shown += [said for s in sentences if (said := i18n.translate(s)) not in shown]
    return Form(values, messages)


def typed_values() -> dict[str, Any]:
    """The sent form for a page that shows it again: a field given several times is a list."""
    typed = {name: request.form.getlist(name) for name in request.form if name not in _UNKEPT}
    return {name: found[0] if len(found) == 1 else found for name, found in typed.items()}


def sent(*lists: str, without: Iterable[str] = ()) -> dict[str, Any]:
    """The sent form for an input schema: a field named in ``lists`` gives all its values."""
    left_out = {*_UNKEPT, *without}
    return {
        name: request.form.getlist(name) if name in lists else request.form[name]
        for name in request.form
        if name not in left_out
    }


def typed_fields() -> list[tuple[str, str]]:
    """Everything typed but secrets, in the order of the form."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _UNKEPT]


def seal_fields(keys: Keys, account_id: int, path: str, now: datetime) -> str:
    """What was typed, for the sign-in page to carry; only the same account gets it back."""
    kept = {"account": account_id, "path": path, "at": now.timestamp(), "fields": typed_fields()}
    return keys.seal(_KEPT, json.dumps(kept)).decode()


def open_fields(
    keys: Keys, sealed: str, account_id: int, now: datetime
) -> tuple[str, list[tuple[str, str]]] | None:
    """The path and fields that ``seal_fields`` kept; None where they are another's, too old or not ours."""
    try:
        kept = json.loads(keys.unseal(_KEPT, sealed.encode()))
    except (CirtError, ValueError):
        return None
    if kept["account"] != account_id or now.timestamp() - kept["at"] > _KEPT_FOR.total_seconds():
        return None
    return kept["path"], [(name, value) for name, value in kept["fields"]]


def public_token(keys: Keys, value: str) -> str:
    """For a form that anyone may send once, without a cookie (rulings 25)."""
    return keys.sign_for(_PUBLIC_FORM, value)


def open_public_token(keys: Keys, token: str) -> str | None:
    """The value in a public form's token; None where it is old or was not made here."""
    try:
        return str(keys.open_within(_PUBLIC_FORM, token, max_age_s=_PUBLIC_FORM_AGE_S))
    except TokenWrong:
        return None


def member(kind: type[E], text: str) -> E | None:
    """The member of a closed set that ``text`` names, if it names one."""
    try:
        return kind(text)
    except ValueError:
        return None


def wants(name: str) -> str:
    """One field of the sent form, stripped, without NUL, which PostgreSQL refuses even to look for."""
    return request.form.get(name, "").replace("\0", "").strip()
