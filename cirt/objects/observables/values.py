"""The one spelling of each kind of value, so that two spellings of the same thing meet.

Each function takes any text and answers the canonical value, or None when the text is no such value.

- Domains: UTS #46 non-transitional mapping (package ``idna``), then A-labels, lower case, no
  trailing dot. IDNA 2008's stricter list is not applied: emoji and mixed scripts resolve in practice
  and are what attackers register. A top-level domain need not be known (lists grow old), but a bare
  public suffix such as ``co.uk`` is refused, for it would match a country.
- Addresses: a port is dropped; a network is cut to its first address; ``/32`` and ``/128`` are single
  addresses; an IPv4-mapped IPv6 address is the IPv4 address; a zone id is dropped. Leading zeros are
  refused, because readers differ on what they mean.
- URLs: scheme and host in lower case and as above, default port dropped, an empty path is ``/``;
  the rest is percent-encoded as RFC 3986 asks (sections 6.2.2.1 and 6.2.2.2). Dot segments, query and
  fragment stay: they are evidence.
- Mail addresses: the domain as above; the local part keeps its case.
"""

import ipaddress
import re
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

_MAX_NAME = 253  # RFC 1035, section 2.3.4, in text form
_MAX_URL = 8192
_MAX_TEXT = 1024
_MAX_ASN = 2**32 - 1
_MAX_PORT = 65535
_MAX_LOCAL = 64  # RFC 5321, section 4.5.3.1.1
_MAPPED_BITS = 96  # ::ffff:0:0/96
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_PORT = re.compile(r":([0-9]{1,5})\Z")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_ODD_ASCII = re.compile(r"[\x00-,./:-@\[-^`{-\x7f]")
_ANY_CASE = re.IGNORECASE | re.ASCII  # else the Kelvin sign is a k
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "ftps": 990, "ssh": 22}
_URL = re.compile(
    r"([a-z][a-z0-9+.-]{0,30})://([^/?#\\]*)(.*)\Z", re.IGNORECASE | re.ASCII | re.DOTALL
)
_AUTHORITY = re.compile(r"(?:(.*)@)?(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?\Z", re.DOTALL)
# What has to be looked at: an escape, or one character that may not stand in a URL as it is.
_URL_PIECE = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?#]")
_NEEDS_NO_CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LOCAL_PART = re.compile(
    r"[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+(?:\.[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+)*\Z"
)
_HIVES = {
    "hklm": "HKEY_LOCAL_MACHINE",
    "hkcu": "HKEY_CURRENT_USER",
    "hkcr": "HKEY_CLASSES_ROOT",
    "hku": "HKEY_USERS",
    "hkcc": "HKEY_CURRENT_CONFIG",
}


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def is_registrable(name: str) -> bool:
    """Whether a canonical ``name`` lies below a public suffix of the list we carry."""
    return _suffixes().privatesuffix(name) is not None


def is_suffix(name: str) -> bool:
    """Whether ``name`` is itself a public suffix, such as ``com`` or ``co.uk``."""
    return _suffixes().publicsuffix(name) == name


def _mapped(text: str) -> str | None:
    if text.isascii():
        return text.lower()
    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except idna.IDNAError:
        return None


def _a_label(label: str) -> str | None:
    if not label.isascii():
        if _ODD_ASCII.search(label):
            return None
        label = "xn--" + label.encode("punycode").decode("ascii")
    return label if _LABEL.match(label) else None


def host_name(text: str) -> str | None:
    """A host name of one label or more, as A-labels."""
    mapped = _mapped(text) if len(text) <= _MAX_TEXT else None
    if not mapped:
        return None
    labels = [_a_label(label) for label in mapped.removesuffix(".").split(".")]
    if None in labels:
        return None
    name = ".".join(label for label in labels if label)
    return name if len(name) <= _MAX_NAME else None


def domain(text: str) -> str | None:
    name = host_name(_PORT.sub("", text))
    if not name or "." not in name or is_suffix(name):
        return None
    top = name.rpartition(".")[2]
    return name if not top[0].isdigit() and "_" not in top and len(top) > 1 else None


def _network(text: str, version: int) -> str | None:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if found.version != version:
        return None
    single = found.prefixlen == found.max_prefixlen
    return str(found.network_address) if single else str(found)


def ipv4(text: str) -> str | None:
    if _IPV4.fullmatch(text):
        return text
    return _network(_PORT.sub("", text), 4)


def ipv6(text: str) -> str | None:
    """IPv6 in its compressed form; the IPv4 address if it is a mapped one."""
    address, slash, prefix = text.partition("/")
    if address.startswith("["):
        address = _PORT.sub("", address).removeprefix("[").removesuffix("]")
    value = _network(address.partition("%")[0] + slash + prefix, 6)
    return _unmapped(value) if value else None


def _unmapped(value: str) -> str:
    network = ipaddress.IPv6Network(value)
    mapped = network.network_address.ipv4_mapped
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return value
    return _network(f"{mapped}/{network.prefixlen - _MAPPED_BITS}", 4) or value


def url_host(text: str) -> str | None:
    """The host of a URL: an IPv6 address in brackets, an IPv4 address or a name."""
    if text.startswith("["):
        address = ipv6(text)
        if not address or "/" in address:
            return None
        return f"[{address}]" if ":" in address else address
    name = host_name(text)
    is_number = name and "." in name and name.rpartition(".")[2].isdigit()
    return ipv4(name) if name and is_number else name


def _escaped(text: str) -> str:
    return _URL_PIECE.sub(_escape_piece, text)


def _escape_piece(match: re.Match[str]) -> str:
    piece = match[0]
    if len(piece) > 1:
        letter = chr(int(piece[1:], 16))
        return letter if letter in _NEEDS_NO_CODE else piece.upper()
    return "".join(f"%{byte:02X}" for byte in piece.encode("utf-8", "surrogatepass"))


def _authority(scheme: str, text: str) -> str | None:
    parts = _AUTHORITY.match(text)
    host = url_host(parts[2]) if parts else None
    if not parts or not host:
        return None
    user = f"{_escaped(parts[1])}@" if parts[1] else ""
    port = int(parts[3]) if parts[3] else None
    if port is not None and port > _MAX_PORT:
        return None
    shown = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{user}{host}{shown}"


def url(text: str) -> str | None:
    parts = _URL.match(text) if len(text) <= _MAX_URL else None
    if not parts or _CONTROL.search(text):
        return None
    scheme = parts[1].lower()
    authority = _authority(scheme, parts[2])
    if not authority:
        return None
    rest = _escaped(parts[3].replace("\\", "/") if scheme.startswith("http") else parts[3])
    return f"{scheme}://{authority}{rest if rest.startswith('/') else '/' + rest}"


def email(text: str) -> str | None:
    local, _, host = text.rpartition("@")
    if not local or len(local) > _MAX_LOCAL or not _LOCAL_PART.match(local):
        return None
    name = domain(host) if ":" not in host else None
    return f"{local}@{name}" if name else None


def mac(text: str) -> str | None:
    digits = re.sub(r"[:.-]", "", text)
    shape = r"(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})"
    if not re.fullmatch(shape, text):
        return None
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)).lower()


def asn(text: str) -> str | None:
    found = re.fullmatch(r"(?:ASN?[ :-]{0,2}(?:AS)?)?([0-9]{1,10})", text, _ANY_CASE)
    number = int(found[1]) if found else 0
    return f"AS{number}" if 0 < number <= _MAX_ASN else None


def cve(text: str) -> str | None:
    found = re.fullmatch(
        r"CVE[-\u2010-\u2013\u2212 ]([0-9]{4})[-\u2010-\u2013\u2212]([0-9]{4,19})", text, _ANY_CASE
    )
    return f"CVE-{found[1]}-{found[2]}" if found and found[1] >= "1999" else None


def ssdeep(text: str) -> str | None:
    found = re.fullmatch(r"([0-9]{1,10}):([A-Za-z0-9+/]{1,64}):([A-Za-z0-9+/]{1,64})", text)
    if not found or int(found[1]) % 3:
        return None
    factor = int(found[1]) // 3  # a block size is 3 times a power of two
    return text if factor and factor & (factor - 1) == 0 else None


def tlsh(text: str) -> str | None:
    found = re.fullmatch(r"(?:T1)?([0-9A-F]{70})", text, _ANY_CASE)
    return f"T1{found[1].upper()}" if found else None


def hex_digest(digits: int, text: str) -> str | None:
    return text.lower() if re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", text) else None


def registry_key(text: str) -> str | None:
    """The hive in its long form (STIX 2.1, section 6.17); the rest keeps its case."""
    hive, slash, rest = re.sub(r"\\{2,}", r"\\", text).rstrip("\\").partition("\\")
    long = _HIVES.get(hive.lower(), hive.upper())
    return f"{long}{slash}{rest}" if long in _HIVES.values() and _is_line(text) else None


def file_name(text: str) -> str | None:
    return (
        text
        if _is_line(text) and not re.search(r"[/\\]", text) and text not in {".", ".."}
        else None
    )


def file_path(text: str) -> str | None:
    if not _is_line(text) or not re.search(r"[/\\]", text):
        return None
    share = "\\" if text.startswith("\\\\") else ""
    return share + re.sub(r"\\{2,}", r"\\", text)


def line(text: str) -> str | None:
    return text if _is_line(text) else None


def _is_line(text: str) -> bool:
    return 0 < len(text) <= _MAX_TEXT and not _CONTROL.search(text)
