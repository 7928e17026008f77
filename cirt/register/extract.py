"""Finds observables in free text: what a person wrote, defanged or not, in any language.

The text is refanged once, then each form is looked for in turn. What an earlier form took, a later one does not
see: the host of a URL is not offered beside the URL.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cirt.objects.observables.defang import Plain, plain
from cirt.objects.observables.kinds import Observable
from cirt.register.extraction import addresses, agents, codes, files, hashes, hosts, links, tables
from cirt.register.extraction.reading import Form, Page, Reading

# The order decides: a user agent holds addresses, a URL holds names, a path holds file names.
_FORMS: tuple[Form, ...] = (
    *links.MESSAGE_IDS,
    *agents.FORMS,
    *links.FORMS,
    *tables.FORMS,
    *files.PLACES,
    *links.MAIL,
    *hashes.FORMS,
    *addresses.FORMS,
    *codes.FORMS,
    *files.NAMES,
    *hosts.FORMS,
)


@dataclass(frozen=True, slots=True)
class Found:
    """An observable and its first place: ``text[start:end] == written``."""

    observable: Observable
    start: int
    end: int
    written: str


def find(text: str, limit: int = 2000) -> list[Found]:
    """Each distinct observable of ``text`` once, at its first place, in text order, ``limit`` at most.

    An address without a scheme but with a path (``evil.example/gate.php``) is read as ``http``.
    """
    clear = plain(text)
    first: dict[Observable, Reading] = {}
    for reading in _readings(Page(clear)):
        if reading.observable is None:
            continue
        known = first.get(reading.observable)
        if known is None or reading.start < known.start:
            first[reading.observable] = reading
    in_order = sorted(first.items(), key=lambda item: item[1].start)
    return [_found(text, clear, *item) for item in in_order[:limit]]


def _found(text: str, clear: Plain, observable: Observable, reading: Reading) -> Found:
    start, end = clear.origin(reading.start, reading.end)
    return Found(observable, start, end, text[start:end])


def _readings(page: Page) -> Iterator[Reading]:
    taken = bytearray(len(page.text))
    for form in _FORMS:
        for match in form.matches(page):
            if taken.find(1, *match.span(match.lastgroup or 0)) >= 0:
                continue
            reading = form.read(page, match)
            if reading:
                taken[reading.start : reading.end] = b"\x01" * (reading.end - reading.start)
                yield reading
