"""GnuPG, where it is installed: with a home of its own in the data directory, limits, no network and no shell.

Keys come in by the console only, so each one in the ring is one that an operator vouches for.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from cirt.kernel.errors import Invalid
from cirt.kernel.settings import Settings
from cirt.kernel.text import mark

_TIMEOUT_S = 20
MAX_OUTPUT = 40 * 1024 * 1024  # a few packed bytes may unpack to gigabytes
_STATUS = re.compile(rb"^\[GNUPG:\] (\w+) ?(.*)$", re.MULTILINE)
_UID_ADDRESS = re.compile(r"<([^<>]+)>|^(\S+@\S+)$")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}\Z|[0-9A-F]{64}\Z")


class GpgFailed(Invalid):
    code = "gpg-failed"
    message = mark("GnuPG could not do this: {reason}.")


class KeyUnfit(Invalid):
    code = "key-unfit"
    message = mark("This key cannot be used: {reason}.")


class Signature(StrEnum):
    GOOD = "good"
    BAD = "bad"  # what was signed has been changed
    UNKNOWN_KEY = "unknown-key"
    EXPIRED = "expired"  # the signature or its key
    REVOKED = "revoked"  # its key
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a signature is worth; ``fingerprint`` of the key that made it, where it was good once."""

    signature: Signature
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    data: bytes = field(repr=False)
    proof: Proof


@dataclass(frozen=True, slots=True)
class Key:
    fingerprint: str
    names: tuple[str, ...]  # as the key says, with addresses
    is_usable: bool  # to encrypt to it: neither expired nor revoked
    is_own: bool  # we have its secret part

    @property
    def addresses(self) -> frozenset[str]:
        found = (_UID_ADDRESS.search(name) for name in self.names)
        return frozenset((one[1] or one[2]).casefold() for one in found if one)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of one person, to encrypt to; apart from the ring that an operator vouches for."""

    fingerprint: str
    armoured: str = field(repr=False)
    expires_at: datetime | None = None  # None: never


# In the order in which they count: a bad one is never hidden by a good one beside it.
_SIGNATURES = (
    ("BADSIG", Signature.BAD),
    ("ERRSIG", Signature.UNKNOWN_KEY),
    ("REVKEYSIG", Signature.REVOKED),
    ("EXPKEYSIG", Signature.EXPIRED),
    ("EXPSIG", Signature.EXPIRED),
    ("GOODSIG", Signature.GOOD),
)


def find_gpg(settings: Settings) -> "Gpg | None":
    """None where GnuPG is not installed."""
    binary = shutil.which("gpg")
    return Gpg(binary, settings.data_dir / "keys" / "gnupg") if binary else None


class Gpg:
    def __init__(self, binary: str, home: Path) -> None:
        self._binary, self.home = binary, home

    def decrypt(self, data: bytes) -> Opened:
        """
        Raises:
            GpgFailed: it is not for a key of ours, was changed on its way, or is no OpenPGP message.
        """
        output, status = self._run(["--decrypt"], data)
        if "DECRYPTION_OKAY" not in status:
            raise GpgFailed(reason=_why(status))
        if len(output) >= MAX_OUTPUT:
            raise GpgFailed(reason=f"it unpacks to more than {MAX_OUTPUT} bytes")
        return Opened(output, _proof(status))

    def verify(self, data: bytes, signature: bytes) -> Proof:
        """A signature that stands beside what it signs."""
        with TemporaryDirectory(prefix="cirt-") as folder:
            file = Path(folder, "signature")
            file.write_bytes(signature)
            _, status = self._run(["--verify", str(file), "-"], data)
        return _proof(status)

    def verify_text(self, data: bytes) -> Proof:
        """A text with its signature in it."""
        return _proof(self._run(["--verify"], data)[1])

    def encrypt(self, data: bytes, fingerprint: str) -> bytes:
        """Armoured, for this key alone.

        Raises:
            GpgFailed.
        """
        to = ["--trust-model", "always", "--recipient", fingerprint]
        output, status = self._run(["--armor", *to, "--encrypt"], data)
        if "END_ENCRYPTION" not in status:
            raise GpgFailed(reason=_why(status))
        return output

    def add_key(self, data: bytes) -> tuple[str, ...]:
        """Fingerprints of the keys in it, public ones and our own.

        Raises:
            GpgFailed: there is none.
        """
        _, status = self._run(["--import"], data)
        found = dict.fromkeys(line.split()[1] for line in status.get("IMPORT_OK", []))
        if not found:
            raise GpgFailed(reason="this holds no OpenPGP key")
        return tuple(found)

    def remove_key(self, fingerprint: str) -> None:
        """
        Raises:
            GpgFailed: there is no such key.
        """
        known = {key.fingerprint for key in self.all_keys()}
        if fingerprint not in known:
            raise GpgFailed(reason=f"there is no key {fingerprint}")
        self._run(["--yes", "--delete-secret-and-public-key", fingerprint], b"")

    def all_keys(self) -> list[Key]:
        """Without a ring there is none; nobody is asked."""
        if not self.home.is_dir():
            return []
        own = set(_listed(self._run(["--with-colons", "--list-secret-keys"], b"")[0]))
        public = _listed(self._run(["--with-colons", "--list-keys"], b"")[0])
        return [
            Key(fingerprint, names, usable, fingerprint in own)
            for fingerprint, (names, usable) in public.items()
        ]

    def key_for(self, address: str) -> Key | None:
        """A key that encrypts to this mail address."""
        wanted = address.casefold()
        return next(
            (key for key in self.all_keys() if key.is_usable and wanted in key.addresses), None
        )

    def read_public_key(self, armoured: str) -> PublicKey:
        """
        Raises:
            KeyUnfit: it is none, a secret one, more than one, or cannot be encrypted to.
        """
        if "PRIVATE KEY" in armoured:
            raise KeyUnfit(
                reason="it is a secret one, which nobody else should have; ask for the public one"
            )
        with self._apart() as ring:
            try:
                ring.add_key(armoured.encode())
            except GpgFailed as error:
                raise KeyUnfit(reason=str(error.values["reason"])) from error
            colons, _ = ring._run(["--with-colons", "--list-keys"], b"")  # noqa: SLF001 - one of us
        keys = _listed(colons)
        if len(keys) != 1:
            raise KeyUnfit(reason=f"there are {len(keys)} keys in it; paste one")
        [(fingerprint, (_, is_usable))] = keys.items()
        if not is_usable:
            raise KeyUnfit(reason="it is expired or revoked, or nothing can be encrypted to it")
        return PublicKey(fingerprint, armoured.strip(), _expiry(colons))

    def encrypt_for(self, data: bytes, key: PublicKey) -> bytes:
        """Armoured, for this key alone, which is in no ring of ours.

        Raises:
            GpgFailed.
        """
        with self._apart() as ring:
            ring.add_key(key.armoured.encode())
            return ring.encrypt(data, key.fingerprint)

    @contextmanager
    def _apart(self) -> "Iterator[Gpg]":
        """A ring of its own, which is gone afterwards."""
        with TemporaryDirectory(prefix="cirt-") as folder:
            yield Gpg(self._binary, Path(folder))

    def _run(self, words: Sequence[str], data: bytes) -> tuple[bytes, dict[str, list[str]]]:
        """What it wrote, and its status lines by their first word."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [
            *(self._binary, "--homedir", str(self.home), "--batch", "--no-tty", "--no-options"),
            *("--status-fd", "2", "--max-output", str(MAX_OUTPUT)),
            *("--no-auto-key-locate", "--no-auto-key-retrieve", "--disable-dirmngr"),
            *("--pinentry-mode", "loopback", "--passphrase", "", *words),
        ]
        plain = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603  # no shell; words are ours and fingerprints checked
                command, input=data, capture_output=True, timeout=_TIMEOUT_S, env=plain, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise GpgFailed(reason=f"it took longer than {_TIMEOUT_S} seconds") from error
        except OSError as error:
            raise GpgFailed(reason=str(error.strerror)) from error
        status: dict[str, list[str]] = {}
        for word, rest in _STATUS.findall(done.stderr):
            status.setdefault(word.decode(), []).append(rest.decode("utf-8", "replace"))
        return done.stdout, status


def _proof(status: dict[str, list[str]]) -> Proof:
    for word, signature in _SIGNATURES:
        if word in status:
            valid = status.get("VALIDSIG")
            return Proof(signature, valid[0].split()[0] if valid else "")
    return Proof(Signature.NONE)


def _why(status: dict[str, list[str]]) -> str:
    if "NO_SECKEY" in status and "DECRYPTION_FAILED" in status:
        return "it is not for a key of ours"
    if "DECRYPTION_FAILED" in status or "BADMDC" in status:
        return "it was damaged or changed on its way"
    if "INV_RECP" in status:
        return "the key cannot be used"
    return "this is no OpenPGP message"


def _expiry(colons: bytes) -> datetime | None:
    """When the first key of a listing expires, or the last of its parts that encrypt."""
    primary: datetime | None = None
    parts: list[datetime | None] = []
    for line in colons.decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if fields[0] not in ("pub", "sub"):
            continue
        until = datetime.fromtimestamp(int(fields[6]), UTC) if fields[6].isdigit() else None
        if fields[0] == "pub":
            primary = until
        if "e" in fields[11] and fields[1] not in ("e", "r", "d", "i"):
            parts.append(until)
    given = [each for each in parts if each is not None]
    of_parts = max(given) if given and len(given) == len(parts) else None
    return min((each for each in (primary, of_parts) if each is not None), default=None)


def _listed(colons: bytes) -> dict[str, tuple[tuple[str, ...], bool]]:
    """By the fingerprint of each primary key: its names, and whether it is in force and encrypts."""
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    usable, fingerprint = False, ""
    for line in colons.decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if fields[0] in ("pub", "sec"):
            usable = fields[1] not in ("e", "r", "d", "i") and "E" in fields[11]
            fingerprint = ""
        elif fields[0] == "fpr" and not fingerprint and _FINGERPRINT.match(fields[9]):
            fingerprint = fields[9]
            found[fingerprint] = ((), usable)
        elif fields[0] == "uid" and fingerprint and fields[1] not in ("r", "e"):
            names, _ = found[fingerprint]
            found[fingerprint] = ((*names, fields[9]), usable)
    return found
