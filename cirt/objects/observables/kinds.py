"""Observables: what was seen of an attack, each in the one spelling by which it is found again."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from hashlib import blake2b

from cirt.kernel.text import mark
from cirt.objects.observables import codes, coins, networks, values
from cirt.objects.observables.defang import fang_url, refang

__all__ = ["Kind", "Observable", "canonical", "refang"]


class Kind(StrEnum):
    """What an observable is; named as in STIX 2.1 where STIX has a name."""

    IPV4 = "ipv4-addr"
    IPV6 = "ipv6-addr"
    DOMAIN = "domain-name"
    URL = "url"
    EMAIL = "email-addr"
    MD5 = "md5"
    SHA1 = "sha-1"
    SHA256 = "sha-256"
    SHA512 = "sha-512"
    SSDEEP = "ssdeep"
    TLSH = "tlsh"
    FILE_NAME = "file-name"
    FILE_PATH = "file-path"
    MAC = "mac-addr"
    MUTEX = "mutex"
    REGISTRY_KEY = "windows-registry-key"
    ASN = "asn"
    CVE = "cve"
    USER_AGENT = "user-agent"
    CRYPTO = "crypto-address"
    PHONE = "phone-number"
    TECHNIQUE = "attack-technique"
    JA3 = "ja3"  # of a client; JA3S, of a server, is the same kind of hash
    JA4 = "ja4"
    SERIAL = "x509-serial"


_LABELS = {
    Kind.IPV4: mark("IPv4 address"),
    Kind.IPV6: mark("IPv6 address"),
    Kind.DOMAIN: mark("Domain name"),
    Kind.URL: mark("URL"),
    Kind.EMAIL: mark("E-mail address"),
    Kind.MD5: mark("MD5 hash"),
    Kind.SHA1: mark("SHA-1 hash"),
    Kind.SHA256: mark("SHA-256 hash"),
    Kind.SHA512: mark("SHA-512 hash"),
    Kind.SSDEEP: mark("ssdeep hash"),
    Kind.TLSH: mark("TLSH hash"),
    Kind.FILE_NAME: mark("File name"),
    Kind.FILE_PATH: mark("File path"),
    Kind.MAC: mark("MAC address"),
    Kind.MUTEX: mark("Mutex"),
    Kind.REGISTRY_KEY: mark("Windows registry key"),
    Kind.ASN: mark("AS number"),
    Kind.CVE: mark("CVE number"),
    Kind.USER_AGENT: mark("User agent"),
    Kind.CRYPTO: mark("Crypto-currency address"),
    Kind.PHONE: mark("Phone number"),
    Kind.TECHNIQUE: mark("ATT&CK technique"),
    Kind.JA3: mark("JA3 fingerprint"),
    Kind.JA4: mark("JA4 fingerprint"),
    Kind.SERIAL: mark("Certificate serial number"),
}

_FORMS: dict[Kind, Callable[[str], str | None]] = {
    Kind.IPV4: values.ipv4,
    Kind.IPV6: values.ipv6,
    Kind.DOMAIN: values.domain,
    Kind.URL: values.url,
    Kind.EMAIL: values.email,
    Kind.MD5: partial(values.hex_digest, 32),
    Kind.SHA1: partial(values.hex_digest, 40),
    Kind.SHA256: partial(values.hex_digest, 64),
    Kind.SHA512: partial(values.hex_digest, 128),
    Kind.SSDEEP: values.ssdeep,
    Kind.TLSH: values.tlsh,
    Kind.FILE_NAME: values.file_name,
    Kind.FILE_PATH: values.file_path,
    Kind.MAC: values.mac,
    Kind.MUTEX: values.line,
    Kind.REGISTRY_KEY: values.registry_key,
    Kind.ASN: values.asn,
    Kind.CVE: values.cve,
    Kind.USER_AGENT: values.line,
    Kind.CRYPTO: coins.address,
    Kind.PHONE: codes.phone,
    Kind.TECHNIQUE: codes.technique,
    Kind.JA3: partial(values.hex_digest, 32),
    Kind.JA4: codes.ja4,
    Kind.SERIAL: codes.serial,
}


def _dotted(value: str) -> str:
    return value.replace(".", "[.]")


def _addressed(value: str) -> str:
    local, _, host = value.rpartition("@")
    return f"{local}[@]{_dotted(host)}"


# Kinds that a program may turn into a link; the others are shown as they are.
_DEFANG: dict[Kind, Callable[[str], str]] = {
    Kind.IPV4: _dotted,
    Kind.IPV6: lambda value: value.replace(":", "[:]"),
    Kind.DOMAIN: _dotted,
    Kind.URL: fang_url,
    Kind.EMAIL: _addressed,
}

# Kinds whose case says nothing to the system that uses them, though we show it as it came.
_CASELESS = frozenset({Kind.EMAIL, Kind.FILE_NAME, Kind.REGISTRY_KEY})


@lru_cache(maxsize=8192)  # what comes is asked for its key by each who stores or matches it
def _key(kind: Kind, value: str) -> int:
    if kind is Kind.IPV6:
        return networks.ipv6_key(value)
    if kind is Kind.IPV4 and (key := networks.ipv4_key(value)) is not None:
        return key
    caseless = kind in _CASELESS or (kind is Kind.FILE_PATH and "\\" in value)
    text = f"{kind}:{value.casefold() if caseless else value}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@dataclass(frozen=True, slots=True)
class Observable:
    """A kind and its canonical value; made by ``canonical``."""

    kind: Kind
    value: str

    @property
    def key(self) -> int:
        """A signed 64-bit number for index columns: equal where the kind and the value mean the same.

        Case does not count in it for mail addresses, file names, registry keys and Windows paths. Keys of
        addresses are as ``networks`` makes them.
        """
        return _key(self.kind, self.value)

    @property
    def defanged(self) -> str:
        """The value as pages and mails show it: nothing in it can be clicked."""
        defang = _DEFANG.get(self.kind)
        return defang(self.value) if defang else self.value

    @property
    def label(self) -> str:
        """The name of its kind, marked for translation."""
        return _LABELS[self.kind]


def canonical(kind: Kind, text: str) -> Observable | None:
    """The observable that ``text`` (not defanged) writes, or None if it is none of that kind.

    An IPv4-mapped IPv6 address comes back as the IPv4 address it means. The rules of each kind are
    in ``values``, ``codes`` and ``coins``.
    """
    value = _FORMS[kind](text.strip())
    if value is None:
        return None
    is_mapped = kind is Kind.IPV6 and ":" not in value
    return Observable(Kind.IPV4 if is_mapped else kind, value)
