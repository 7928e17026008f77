"""The word in the subject of our letters by which an answer finds its report; nobody can guess it."""

import hmac
import re

from cirt.kernel.keys import Keys

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 16  # times 5 bits
_TAG = re.compile(r"\[(REP-\d{4}-\d{4,8})/([0-9a-z]{16})\]", re.IGNORECASE)


def subject_tag(keys: Keys, reference: str) -> str:
    """Such as ``[REP-2026-0001/7kq29rt4xd6hb3mp]``; always the same for a report."""
    return f"[{reference}/{_token(keys, reference)}]"


def proven_by(keys: Keys, subject: str) -> str:
    """The report that a tag in this subject proves; empty if there is none, or none of ours."""
    for reference, token in _TAG.findall(subject[:1000]):
        if hmac.compare_digest(_token(keys, reference.upper()), token.casefold()):
            return str(reference.upper())
    return ""


def without_tag(subject: str) -> str:
    return _TAG.sub("", subject).strip()


def _token(keys: Keys, reference: str) -> str:
    number = int.from_bytes(keys.derive(f"mail follow-up {reference}"))
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(_LENGTH))
