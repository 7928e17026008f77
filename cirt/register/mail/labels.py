"""The words for what was found out about a mail, marked for translation."""

from collections.abc import Mapping
from typing import Any

from cirt.kernel.gpg import Signature
from cirt.kernel.text import mark

_SIGNATURES = {
    Signature.GOOD: mark("The signature is good. It was made with the key {fingerprint}."),
    Signature.BAD: mark("The signature is wrong: what was signed has been changed."),
    Signature.UNKNOWN_KEY: mark("It is signed with a key that we do not have."),
    Signature.EXPIRED: mark("It is signed with a key or for a time that has ended."),
    Signature.REVOKED: mark("It is signed with a key that was revoked."),
}
_OPENED = mark("It came encrypted and was opened here.")
_SHUT = mark("It is encrypted and could not be opened: {problem}. The file holds it as it came.")
_UNCHECKED = mark("Its signature could not be checked: {problem}.")
_RED = mark(
    "Its writer marked it TLP:RED, which names nobody here. It is kept as TLP:AMBER+STRICT."
)
_CUT = mark("Not all of its parts were taken apart; the file holds them as they came.")
_HEADERS = mark("It is too large to take. It lies in the mailbox; here are its header fields.")
_BROKEN = mark(
    "It could not be read here ({fault}), so what you see is the mail as it came. The file holds it to the byte."
)
_SPAM = mark("Our mail server takes it for spam.")
_PROGRAM = mark("It was sent by a program.")

Sentence = tuple[str, dict[str, str]]


def mail_sentences(headers: Mapping[str, Any]) -> list[Sentence]:
    """What a person should know of a mail, from the headers of its report or message; none if it is no mail."""
    mail = headers.get("mail") or {}
    pgp = mail.get("pgp") or {}
    said: list[Sentence | None] = [
        _of_seal(pgp),
        _of_signature(pgp),
        (_RED, {}) if mail.get("red") else None,
        (_SPAM, {}) if mail.get("spam") else None,
        (_PROGRAM, {}) if mail.get("kind") == "program" else None,
        (_BROKEN, {"fault": str(mail["broken"])}) if mail.get("broken") else None,
        _of_parts(mail),
    ]
    return [sentence for sentence in said if sentence]


def _of_seal(pgp: Mapping[str, Any]) -> Sentence | None:
    if not pgp.get("encrypted"):
        return None
    return (_OPENED, {}) if pgp.get("opened") else (_SHUT, {"problem": str(pgp["problem"])})


def _of_signature(pgp: Mapping[str, Any]) -> Sentence | None:
    signature = pgp.get("signature", Signature.NONE)
    if signature in _SIGNATURES:
        return _SIGNATURES[Signature(signature)], {"fingerprint": str(pgp["fingerprint"])}
    if pgp.get("problem") and not pgp.get("encrypted"):
        return _UNCHECKED, {"problem": str(pgp["problem"])}
    return None


def _of_parts(mail: Mapping[str, Any]) -> Sentence | None:
    if mail.get("whole") is False:
        return _HEADERS, {}
    return (_CUT, {}) if mail.get("left_out") else None
