"""What an object says that others look up: observables, ends, a short name."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from cirt.objects.observables.kinds import Kind, Observable, canonical
from cirt.objects.patterns.parser import Comparison, Pattern

Object = dict[str, Any]

MAX_NAME = 200
_NAMES = ("name", "value", "abstract", "subject", "path", "key", "command_line", "result_name")

_HASHES = {
    "MD5": Kind.MD5,
    "SHA-1": Kind.SHA1,
    "SHA-256": Kind.SHA256,
    "SHA-512": Kind.SHA512,
    "SSDEEP": Kind.SSDEEP,
    "TLSH": Kind.TLSH,
}
_ADDRESS = (Kind.IPV4, Kind.IPV6)
_HOST = (Kind.IPV4, Kind.IPV6, Kind.DOMAIN)

# Properties that state one observable: type, then the path in an object or a pattern.
_STATED: dict[tuple[str, ...], tuple[Kind, ...]] = {
    ("ipv4-addr", "value"): (Kind.IPV4,),
    ("ipv6-addr", "value"): (Kind.IPV6,),
    ("domain-name", "value"): (Kind.DOMAIN,),
    ("url", "value"): (Kind.URL,),
    ("email-addr", "value"): (Kind.EMAIL,),
    ("mac-addr", "value"): (Kind.MAC,),
    ("mutex", "name"): (Kind.MUTEX,),
    ("autonomous-system", "number"): (Kind.ASN,),
    ("file", "name"): (Kind.FILE_NAME,),
    ("directory", "path"): (Kind.FILE_PATH,),
    ("windows-registry-key", "key"): (Kind.REGISTRY_KEY,),
    ("x509-certificate", "serial_number"): (Kind.SERIAL,),
    **{
        (owner, "hashes", name): (kind,)
        for owner in ("file", "artifact", "x509-certificate")
        for name, kind in _HASHES.items()
    },
}
# Patterns in the wild write ``hashes.sha256`` as well; objects that do so are refused.
_SPELLED = {
    spelled: kind
    for name, kind in _HASHES.items()
    for plain in (name, name.replace("-", ""))
    for spelled in (plain, plain.lower())
}
_Table: TypeAlias = dict[tuple[str, ...], tuple[Kind, ...]]
# Properties of the object that a reference leads to; these stand in patterns only.
_ADDRESSED: _Table = {
    ("network-traffic", "src_ref", "value"): _HOST,
    ("network-traffic", "dst_ref", "value"): _HOST,
    ("domain-name", "resolves_to_refs", "[*]", "value"): _ADDRESS,
    ("email-message", "from_ref", "value"): (Kind.EMAIL,),
    ("email-message", "sender_ref", "value"): (Kind.EMAIL,),
    ("email-message", "to_refs", "[*]", "value"): (Kind.EMAIL,),
    ("email-message", "cc_refs", "[*]", "value"): (Kind.EMAIL,),
    ("email-message", "bcc_refs", "[*]", "value"): (Kind.EMAIL,),
    ("email-message", "body_multipart", "[*]", "body_raw_ref", "name"): (Kind.FILE_NAME,),
    ("process", "image_ref", "name"): (Kind.FILE_NAME,),
    ("network-traffic", "extensions", "http-request-ext", "request_header", "User-Agent"): (
        Kind.USER_AGENT,
    ),
}
_HASHED: tuple[tuple[str, ...], ...] = (
    ("file",),
    ("artifact",),
    ("x509-certificate",),
    ("file", "content_ref"),
    ("process", "image_ref"),
    ("email-message", "body_multipart", "[*]", "body_raw_ref"),
)
_COMPARED: _Table = {
    **_STATED,
    **_ADDRESSED,
    **{
        (*owner, "hashes", spelled): (kind,)
        for owner in _HASHED
        for spelled, kind in _SPELLED.items()
    },
}
_NAMING_OPS = frozenset({"=", "IN", "ISSUBSET"})
_PATH_PARTS = {("name",), ("parent_directory_ref", "path")}


def observables_in_pattern(pattern: Pattern) -> Iterator[Observable]:
    """What a pattern names outright, where each bracket alone fulfils it.

    Equality and IN of single values, and ISSUBSET as the network. A negated test names nothing.
    """
    if not pattern.any_bracket:
        return
    for comparison in pattern.comparisons:
        kinds = _COMPARED.get((comparison.object_type, *comparison.path))
        if kinds and comparison.op in _NAMING_OPS and not comparison.negated:
            yield from _compared(comparison, kinds)
    yield from _whole_path(pattern.comparisons)


def unknown_in_pattern(pattern: Pattern, known: Iterable[str]) -> list[str]:
    """Object types of a pattern that are none of ``known``, in the order they appear."""
    names = dict.fromkeys(comparison.object_type for comparison in pattern.comparisons)
    return [name for name in names if name not in known]


def observables_of(obj: Object) -> Iterator[Observable]:
    """What an observable or a vulnerability states."""
    stix_type = obj["type"]
    if stix_type == "vulnerability":
        yield from _vulnerabilities(obj)
        return
    for name, value in obj.items():
        parts = value.items() if name == "hashes" else [(None, value)]
        for part, text in parts:
            path = (stix_type, name, part) if part else (stix_type, name)
            if found := _first(_STATED.get(path, ()), text):
                yield found


def short_name(obj: Object) -> str | None:
    """A line to show in lists, of at most 200 characters."""
    for name in _NAMES:
        text = obj.get(name)
        if isinstance(text, str) and text.strip():
            line = " ".join(text.split())
            return line if len(line) <= MAX_NAME else line[: MAX_NAME - 1] + "…"
    return None


def ends_of(obj: Object) -> tuple[str, ...]:
    """The ids that a relationship or a sighting joins, or that a note or an opinion is about."""
    if obj["type"] == "relationship":
        return (obj["source_ref"], obj["target_ref"])
    if obj["type"] == "sighting":
        return (
            obj["sighting_of_ref"],
            *obj.get("where_sighted_refs", ()),
            *obj.get("observed_data_refs", ()),
        )
    if obj["type"] in ("note", "opinion"):
        return tuple(obj["object_refs"])
    return ()


def _compared(comparison: Comparison, kinds: tuple[Kind, ...]) -> Iterator[Observable]:
    if comparison.op == "ISSUBSET":
        kinds = tuple(kind for kind in kinds if kind in _ADDRESS)
    for literal in comparison.literals:
        if found := _first(kinds, literal.value):
            yield found


def _whole_path(comparisons: tuple[Comparison, ...]) -> Iterator[Observable]:
    """A file and its directory, where a pattern is made of nothing else."""
    if len(comparisons) != len(_PATH_PARTS):
        return
    texts = {
        comparison.path: str(comparison.literals[0].value)
        for comparison in comparisons
        if comparison.object_type == "file" and comparison.op == "=" and not comparison.negated
    }
    if texts.keys() == _PATH_PARTS:
        folder = texts["parent_directory_ref", "path"]
        slash = "\\" if "\\" in folder else "/"
        path = folder.removesuffix(slash) + slash + texts["name",]
        if found := canonical(Kind.FILE_PATH, path):
            yield found


def _first(kinds: tuple[Kind, ...], value: object) -> Observable | None:
    text = str(value)
    for kind in kinds:
        if found := canonical(kind, text):
            return found
    return None


def _vulnerabilities(obj: Object) -> Iterator[Observable]:
    texts = [
        reference.get("external_id", "")
        for reference in obj.get("external_references", ())
        if reference["source_name"].casefold() == "cve"
    ]
    for text in [*texts, obj["name"]]:
        if found := canonical(Kind.CVE, text):
            yield found
