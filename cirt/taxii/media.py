"""Content negotiation (TAXII 2.1, sections 1.6.8 and 3.2), spelled out in one place."""

from collections.abc import Iterator
from urllib.request import parse_http_list

from werkzeug.http import parse_options_header

from cirt.taxii.errors import MediaTypeWrong, NotAcceptable

TAXII = "application/taxii+json;version=2.1"  # exactly so: strict, string-comparing clients exist
STIX = "application/stix+json;version=2.1"
_ANY = ("*/*", "application/*")


def check_accept(header: str | None, *, also_stix: bool = False) -> None:
    """Let the request pass if some range of ``Accept`` with q > 0 covers what we answer.

    ``also_stix``: the manifest endpoint's row in the standard names the STIX type as well.

    Raises:
        NotAcceptable.
    """
    if header is None or not header.strip():
        return
    good = ("application/taxii+json", "application/stix+json")[: 2 if also_stix else 1]
    for kind, options in _ranges(header):
        named = kind in good and options.get("version", "2.1") == "2.1"
        if (named or kind in _ANY) and _weight(options.get("q", "1")) > 0:
            return
    raise NotAcceptable


def check_content_type(header: str | None) -> None:
    """
    Raises:
        MediaTypeWrong: not TAXII, another version, or another charset than UTF-8.
    """
    kind, options = parse_options_header(header or "")
    fits = (
        kind.strip().lower() == "application/taxii+json"
        and options.get("version", "2.1") == "2.1"
        and options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    )
    if not fits:
        raise MediaTypeWrong


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in parse_http_list(header):
        kind, options = parse_options_header(part)
        yield kind.strip().lower(), options


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
