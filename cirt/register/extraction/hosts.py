"""Names of hosts, told from file names, code and sentences."""

import re

from cirt.objects.observables.kinds import Kind
from cirt.register.extraction import doubts, filenames
from cirt.register.extraction.files import file_name
from cirt.register.extraction.links import with_path
from cirt.register.extraction.names import host_of
from cirt.register.extraction.reading import Form, Page, Reading, reading
from cirt.register.extraction.scripts import FIRST_LABEL, LABEL

_DOTTED = re.compile(rf"{FIRST_LABEL}(?>(?:\.{LABEL})+)")


def _dotted(page: Page, match: re.Match[str]) -> Reading | None:
    start, end = match.span()
    is_marked = page.is_marked(start, end)
    if not is_marked and match[0][0].isupper() and doubts.is_product(_seen(page, start, end)):
        return None
    if not is_marked and filenames.is_file(match[0].rstrip("-_")):
        return file_name(page, start, start + len(match[0].rstrip("-_")))
    lead = len(match[0]) - len(match[0].lstrip("-_" if match[0].endswith("_") else "-"))
    host = host_of(match[0][lead:])
    if not host:
        return None
    start += lead
    end = start + len(host)
    if not is_marked and doubts.is_no_host(_seen(page, start, end)):
        return None
    return with_path(page, start, end) or reading(page, Kind.DOMAIN, host, start)


def _seen(page: Page, start: int, end: int) -> doubts.Dotted:
    before, after = page.line_before(start, 24), page.text[end : end + 24]
    return doubts.Dotted(page.text[start:end], before, after)


FORMS: tuple[Form, ...] = (Form(_DOTTED, _dotted),)
