"""Addresses by number: IPv4, IPv6, MAC, and numbers of autonomous systems."""

import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction import versions
from cirt.register.extraction.links import with_path
from cirt.register.extraction.names import host_of
from cirt.register.extraction.reading import Form, Page, Reading, read_as, reading

# A word may run into the number: "the address192.0.2.1".
_NO_WORD = r"(?:(?<![0-9A-Za-z_].)|(?<=[rR]ess.)|(?<=[rR]esse.)|(?<=[iI][pP].))(?<![0-9]\..)"
_IPV4 = re.compile(
    rf"(?P<value>[0-9]{_NO_WORD}[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}(?![0-9])(?:/[0-9]{{1,2}}(?![0-9]|\.[0-9]))?)"
    r"(?![A-Za-z_]|\.[0-9]|-[^\W\d_])(?::[0-9]{1,5}(?![0-9]))?"
)
_MORE_NAME = re.compile(r"(?:\.[A-Za-z0-9-]{1,63}){1,8}+(?![\w(])")
_SPACED = re.compile(
    r"(?P<value>[0-9](?<![0-9.] .)(?<![0-9A-Za-z_.].)[0-9]{0,2}(?: \. [0-9]{1,3}){3})(?! ?[0-9.]|[A-Za-z_])"
)
_DUMPED = re.compile(  # by tcpdump: "IP 192.0.2.1.51022 > 192.0.2.2.443:"
    r"(?P<value>[0-9](?:(?<=IP .)|(?<=> .))[0-9]{0,2}(?:\.[0-9]{1,3}){3})(?=\.[0-9a-z]{1,9}(?: >|: ))"
)
_IPV6 = re.compile(
    r"(?P<value>[0-9A-Fa-f:](?:(?<![0-9A-Za-z_:.].)|(?<=[vV]6:.))(?:(?<=:):|(?<!:)[0-9A-Fa-f]{0,3}:[0-9A-Fa-f:])[0-9A-Fa-f:]{0,43}+(?:(?<=[:0-9])(?:\.[0-9]{1,3}){3})?(?:/[0-9]{1,3})?)(?![0-9A-Za-z_])"
)
_MAC = re.compile(
    r"(?P<value>[0-9A-Fa-f](?<![0-9A-Za-z_:.-].)[0-9A-Fa-f](?:(?P<by>[:-])(?:[0-9A-Fa-f]{2}(?P=by)){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}))(?![0-9A-Za-z_]|[:-][0-9A-Fa-f])"
)
_ASN = re.compile(
    r"(?<![0-9A-Za-z/])(?!AS400(?![0-9]))(?P<value>ASN[: ]{0,2}(?:AS)?[0-9]{1,10}+|(?:AS|АС)(?:[0-9]{3,10}+|[ -][0-9]{4,10}+))"  # noqa: RUF001
    r"(?![0-9A-Za-z]|\.[0-9])"
)


def _ipv4(page: Page, match: re.Match[str]) -> Reading | None:
    start, end = match.span("value")
    if not page.is_marked(start, end) and (
        versions.is_no_address(page, start, end) or _is_in_name(page, start, end)
    ):
        return None
    url = None if "/" in match["value"] else with_path(page, start, end)
    return url or reading(page, Kind.IPV4, match["value"], start)


def _is_in_name(page: Page, start: int, end: int) -> bool:
    """Whether it is a part of a host's name, as providers give to their customers."""
    goes_on = _MORE_NAME.match(page.text, end)
    if not goes_on:
        return False
    name = page.text[start : goes_on.end()]
    return name.endswith(".arpa") or host_of(name) is not None


def _spaced(page: Page, match: re.Match[str]) -> Reading | None:
    found = reading(page, Kind.IPV4, match["value"].replace(" ", ""), 0)
    return Reading(found.observable, *match.span("value")) if found else None


def _dumped(page: Page, match: re.Match[str]) -> Reading | None:
    is_shared = match["value"].startswith("224.")  # RFC 5771: everybody's
    return None if is_shared else reading(page, Kind.IPV4, match["value"], match.start())


def _ipv6(page: Page, match: re.Match[str]) -> Reading | None:
    start, written = match.start("value"), match["value"]
    if written.endswith(":") and not written.endswith("::"):
        written = written[:-1]  # "2001:db8::1:" at the head of a list
    if not page.is_marked(start, start + len(written)) and versions.is_no_ipv6(written):
        return None
    return reading(page, Kind.IPV6, written, start)


FORMS: tuple[Form, ...] = (
    Form(_MAC, read_as(Kind.MAC)),
    Form(_IPV6, _ipv6),
    Form(_IPV4, _ipv4),
    Form(_SPACED, _spaced),
    Form(_DUMPED, _dumped),
    Form(_ASN, read_as(Kind.ASN), ("as", "ас")),  # noqa: RUF001
)
