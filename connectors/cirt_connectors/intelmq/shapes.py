"""Events as IntelMQ (flat or nested) and n6 write them, read into one form."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from cirt.plugin.stix import Seen, observable

_LONGEST = 300  # characters of a word
_DEPTH = 6
_UNKNOWN = "unknown"
# What n6 calls it, in the words of IntelMQ.
_CATEGORIES = {
    "bots": "infected-system",
    "cnc": "c2-server",
    "phish": "phishing",
    "malurl": "malware-distribution",
    "scanning": "scanner",
    "server-exploit": "exploit",
    "vulnerable": "vulnerable-system",
    "amplifier": "ddos-amplifier",
    "dos-attacker": "ddos",
    "dos-victim": "ddos",
    "spam": "spam",
    "proxy": "proxy",
}
_RESTRICTIONS = {"public": "clear", "need-to-know": "amber", "internal": "amber+strict"}
_LEVELS = ("clear", "green", "amber", "amber+strict", "red")
_SEEN = (
    ("ip", "source.ip"), ("domain", "source.fqdn"), ("url", "source.url"),
    ("ip", "destination.ip"), ("domain", "destination.fqdn"), ("url", "destination.url"),
    ("md5", "malware.hash.md5"), ("sha1", "malware.hash.sha1"), ("sha256", "malware.hash.sha256"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """``concerns`` is the constituent where the event names one, else the network, AS or name that it came from."""

    classification: str
    at: datetime
    concerns: str
    constituent: str
    seen: tuple[Seen, ...]
    tlp: str
    line: str  # in words
    raw: str


class NotEvent(Exception):
    """In a few words, to be counted."""


def read_event(line: str) -> Event:
    """
    Raises:
        NotEvent.
    """
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise NotEvent("line that is no JSON") from None
    if not isinstance(raw, dict):
        raise NotEvent("line that is no event")
    flat = _from_n6(raw) if "category" in raw and "time" in raw else dict(_flat(raw, "", 0))
    at = _instant(flat.get("time.source") or flat.get("time.observation"))
    if at is None:
        raise NotEvent("event without a time")
    seen = tuple(found for kind, name in _SEEN if (found := observable(kind, flat.get(name, ""))))
    if not seen:
        raise NotEvent("event without an observable")
    tlp = _tlp(flat.get("tlp", ""))
    if tlp == "red":
        raise NotEvent("event marked TLP:RED")
    constituent = flat.get("constituent", "")
    return Event(
        classification=_word(flat.get("classification.type", "")) or _UNKNOWN,
        at=at,
        concerns=constituent or _network(flat) or str(seen[0].value)[:_LONGEST],
        constituent=constituent,
        seen=seen,
        tlp=tlp,
        line=_in_words(flat, at),
        raw=line,
    )


def _flat(raw: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, str]]:
    """``{"source": {"ip": …}}`` and ``{"source.ip": …}`` are the same."""
    for name, value in raw.items():
        path = f"{before}{name}"
        if isinstance(value, dict):
            if depth < _DEPTH:
                yield from _flat(value, f"{path}.", depth + 1)
        elif isinstance(value, str | int | float):
            yield path, _one_line(str(value))


def _from_n6(raw: Mapping[str, Any]) -> dict[str, str]:
    addresses = raw.get("address")
    first = addresses[0] if isinstance(addresses, list) and addresses else {}
    first = first if isinstance(first, dict) else {}
    client = raw.get("client")
    named = client if isinstance(client, list) else [client]
    said = {
        "time.source": raw.get("time"),
        "classification.type": _CATEGORIES.get(str(raw.get("category")), raw.get("category")),
        "source.ip": first.get("ip"),
        "source.asn": first.get("asn"),
        "source.fqdn": raw.get("fqdn"),
        "source.url": raw.get("url"),
        "source.port": raw.get("sport"),
        "destination.ip": raw.get("dip"),
        "destination.port": raw.get("dport"),
        "protocol.transport": raw.get("proto"),
        "malware.name": raw.get("name"),
        "malware.hash.md5": raw.get("md5"),
        "malware.hash.sha1": raw.get("sha1"),
        "feed.name": raw.get("source"),
        "constituent": next((each for each in named if isinstance(each, str) and each), None),
        "tlp": _RESTRICTIONS.get(str(raw.get("restriction"))),
    }
    return {
        name: _one_line(str(value)) for name, value in said.items() if isinstance(value, str | int)
    }


def _network(flat: Mapping[str, str]) -> str:
    """The network that the event names, its AS, or the usual one around the address."""
    try:
        if flat.get("source.network"):
            return str(ip_network(flat["source.network"], strict=False))
        address = ip_address(flat.get("source.ip", ""))
    except ValueError:
        return f"AS{flat['source.asn']}" if flat.get("source.asn", "").isdigit() else ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))  # noqa: PLR2004 - IPv4


def _in_words(flat: Mapping[str, str], at: datetime) -> str:
    names = (
        "source.ip", "source.port", "source.fqdn", "source.url", "protocol.transport", "destination.ip",
        "destination.port", "destination.fqdn", "malware.name", "event_description.text", "feed.name",
    )  # fmt: skip
    said = [f"{name}={flat[name]}" for name in names if flat.get(name)]
    return f"{at:%Y-%m-%d %H:%M:%S}Z {' '.join(said)}"


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat((text or "").removesuffix(" UTC"))
    except ValueError:
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _tlp(said: str) -> str:
    """Empty where nothing is said; what we do not know is no reason to be lax."""
    word = said.casefold().removeprefix("tlp:").replace("_", "+").replace(" ", "+")
    word = "clear" if word == "white" else word
    return word if word in _LEVELS or not word else "amber+strict"


def _word(text: str) -> str:
    return text.strip().casefold().replace(" ", "-")[:60]


def _one_line(text: str) -> str:
    """NUL and lone surrogates are held by nothing behind us."""
    clean = "".join(each for each in text if each.isprintable())
    return clean.strip()[:_LONGEST] if "://" not in clean else clean.strip()[:2000]
