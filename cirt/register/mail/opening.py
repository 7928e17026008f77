"""A mail before it is kept: taken apart, decrypted and its signature checked. Slow, so outside any transaction."""

import logging
from dataclasses import dataclass, field, replace

from cirt.kernel.gpg import Gpg, GpgFailed, Proof, Signature
from cirt.register.mail.parse import Mail, read_mail
from cirt.register.mail.sealed import Seal, Sealed

log = logging.getLogger("cirt.mail")

_HIDDEN = frozenset(
    {"", "...", "[...]", "encrypted message"}
)  # subjects of those who hide the real one


@dataclass(frozen=True, slots=True)
class Pgp:
    """What PGP did for a mail; ``problem`` says in plain words why it did not."""

    was_encrypted: bool = False
    was_opened: bool = False
    signature: Signature = Signature.NONE
    fingerprint: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OpenedMail:
    raw: bytes = field(repr=False)
    is_whole: bool
    mail: Mail
    pgp: Pgp


def open_mail(raw: bytes, gpg: Gpg | None, *, is_whole: bool = True) -> OpenedMail:
    """Always answers: what cannot be taken apart or opened is kept as it came, and says so."""
    try:
        mail = read_mail(raw, is_whole=is_whole)
    except Exception:  # anybody can send us anything; a mail must not stop those behind it
        log.exception("mail.parse")
        mail = read_mail(raw, is_whole=False)
    if mail.sealed is None:
        return OpenedMail(raw, is_whole, mail, Pgp())
    if gpg is None:
        encrypted = mail.sealed.seal in (Seal.ENCRYPTED, Seal.TEXT_ENCRYPTED)
        pgp = Pgp(was_encrypted=encrypted, problem="GnuPG is not installed here")
        return OpenedMail(raw, is_whole, mail, pgp)
    opened, pgp = _unsealed(mail, mail.sealed, gpg)
    return OpenedMail(raw, is_whole, opened, pgp)


def _unsealed(mail: Mail, sealed: Sealed, gpg: Gpg) -> tuple[Mail, Pgp]:
    try:
        if sealed.seal is Seal.SIGNED:
            return mail, _signed(gpg.verify(sealed.data, sealed.signature))
        if sealed.seal is Seal.TEXT_SIGNED:
            return mail, _signed(gpg.verify_text(sealed.data))
        opened = gpg.decrypt(sealed.data)
    except GpgFailed as error:
        encrypted = sealed.seal in (Seal.ENCRYPTED, Seal.TEXT_ENCRYPTED)
        return mail, Pgp(was_encrypted=encrypted, problem=str(error.values["reason"]))
    proof = opened.proof
    if sealed.seal is Seal.TEXT_ENCRYPTED:
        block = sealed.data.decode("utf-8", "surrogatepass")
        clear = opened.data.decode("utf-8", "replace")
        return replace(mail, text=mail.text.replace(block, clear, 1)), _decrypted(proof)
    inner, proof = _within(opened.data, proof, gpg)
    return _joined(mail, inner), _decrypted(proof)


def _within(data: bytes, proof: Proof, gpg: Gpg) -> tuple[Mail, Proof]:
    """The mail that lay in an encrypted one; some sign it within."""
    inner = read_mail(data)
    if inner.sealed is not None and inner.sealed.seal is Seal.SIGNED:
        proof = gpg.verify(inner.sealed.data, inner.sealed.signature)
    return inner, proof


def _joined(outer: Mail, inner: Mail) -> Mail:
    """What lay within, under the outer header fields, by which it travelled."""
    hidden = outer.subject.casefold() in _HIDDEN and inner.subject
    return replace(
        outer,
        subject=inner.subject if hidden else outer.subject,
        tlp=outer.tlp or inner.tlp,
        text=inner.text,
        files=inner.files,
        attached=inner.attached,
        left_out=inner.left_out,
    )


def _signed(proof: Proof) -> Pgp:
    return Pgp(signature=proof.signature, fingerprint=proof.fingerprint)


def _decrypted(proof: Proof) -> Pgp:
    return Pgp(
        was_encrypted=True,
        was_opened=True,
        signature=proof.signature,
        fingerprint=proof.fingerprint,
    )
