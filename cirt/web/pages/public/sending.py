"""What a form of the counter brings besides its fields: files, headers, its one-time value."""

import re

from flask import request

from cirt.files.store import MAX_FILE_BYTES
from cirt.kernel.errors import CirtError, TooLarge
from cirt.kernel.keys import Keys
from cirt.register import intake
from cirt.register.codes import new_form_value
from cirt.register.commands import SentFile
from cirt.web.forms import Form, open_public_token, public_token, refused, typed_values
from cirt.web.session import FormTooOld

FILE_LIMIT = f"{MAX_FILE_BYTES // 2**20} MB"
_NO_LETTER = re.compile("[\ud800-\udfff]")
_KEPT_HEADERS = ("User-Agent", "Accept-Language")


def kept_headers() -> dict[str, str]:
    return {name: request.headers.get(name, "")[:300] for name in _KEPT_HEADERS}


def sent_files() -> tuple[SentFile, ...]:
    """No more of each than tells that it is too large."""
    given = [file for file in request.files.getlist("files") if file.filename]
    read = tuple(
        SentFile(file.filename or "", file.mimetype or "", file.stream.read(MAX_FILE_BYTES + 1))
        for file in given[: intake.MAX_FILES + 1]
    )
    for file in request.files.values():
        file.close()
    return read


def has_files() -> bool:
    """Whether files were chosen; a page that comes back cannot keep them."""
    return any(file.filename for file in request.files.getlist("files"))


def new_once(keys: Keys) -> str:
    return public_token(keys, new_form_value())


def sent_once(keys: Keys) -> str:
    """
    Raises:
        FormTooOld.
    """
    once = open_public_token(keys, request.form.get("once", ""))
    if once is None:
        raise FormTooOld
    return once


def sent_back(error: CirtError) -> Form:
    """The form as it was sent, as far as a page can show it, with the messages."""
    at = "files" if isinstance(error, TooLarge) and "what" in error.values else "text"
    return _showable(refused(error, at=at))


def typed_so_far() -> Form:
    """The form as it stands, without messages: more is to be typed."""
    return _showable(Form(typed_values()))


def wants_language() -> bool:
    """Whether a language was chosen on the page instead of sending its form; the address says which."""
    return "to_language" in request.form


def _showable(form: Form) -> Form:
    return Form({name: _shown(value) for name, value in form.values.items()}, form.errors)


def _shown(value: object) -> object:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return _NO_LETTER.sub("\ufffd", str(value))
