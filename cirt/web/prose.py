"""Text that people wrote, as HTML: Markdown without links or images, observables made safe.

Nothing in it can be clicked. What was found in the text is shown defanged and left-to-right; the text itself
stays in the database as it was typed.
"""

import re
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from cirt.register.extract import Found, find

_TAGS = {
    "p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_LONGEST = 200_000  # characters that are read for observables when a page is shown
_MOST = 500  # distinct observables made safe on one page
_FORMATTED = 20_000  # characters that are read as Markdown: of 1 MB some shapes would take a minute
_WIDE = re.compile(
    r"(?:\|[^|\n]*){50}"
)  # a table that would fill each short row up to so many cells
# Private-use characters hold the place of an observable while Markdown is made into HTML.
_SHORT = 2_000  # characters of a title or a note; what lists show is shown again and again
_KEPT = 2_000
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLAIN, _MARKED = Markup("{}"), Markup("<mark>{}</mark>")
_PLACE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


@cache
def _markdown(*, tables: bool) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    made.enable(["table", "strikethrough"] if tables else "strikethrough")
    return made.disable(
        ["link", "image", "autolink", "reference", "html_inline", "html_block", "entity"]
    )


def prose(text: str) -> Markup:
    """A note: Markdown, with its observables as :func:`safe_value` shows them; a very long one as it was typed."""
    return _prose_short(text) if len(text) <= _SHORT else _prose(text)


def _prose(text: str) -> Markup:
    if len(text) > _FORMATTED:
        return Markup("<pre>{}</pre>").format(plain(text))
    places, found = _with_places(text)
    markdown = _markdown(tables=_WIDE.search(places) is None)
    html = nh3.clean(_lower_headings(markdown.render(places)), tags=_TAGS, attributes={})
    return _filled(html, found)


_prose_short = lru_cache(maxsize=_KEPT)(_prose)


def plain(text: str) -> Markup:
    """A report as it came: line breaks kept, observables made safe, nothing else changed."""
    return _plain_short(text) if len(text) <= _SHORT else _plain(text)


def _plain(text: str) -> Markup:
    places, found = _with_places(text)
    return _filled(str(escape(places)), found)


_plain_short = lru_cache(maxsize=_KEPT)(_plain)


def numbered(text: str, found: list[Found]) -> Markup:
    """The lines of a text with their numbers, each place of what was ``found`` in it made safe and marked."""
    text = text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd")
    places = _places(text, [one for one in found if one.end <= len(text)])
    lines, number = [], 1
    for each in _cut(text, places).split("\n"):
        lines.append(f"{number:>3}  {each}")
        inside = (places[int(at)].written.count("\n") for at in _PLACE.findall(each))
        number += 1 + sum(inside)
    return _filled(str(escape("\n".join(lines))), places, _MARKED)


def line(text: str) -> Markup:
    """A title, a reason or a name within our own words: it keeps the direction of its own language."""
    shown = plain(text)
    return Markup("<bdi>{}</bdi>").format(shown) if shown else shown


def safe_value(found: Found) -> Markup:
    return Markup('<bdi class="ioc">{}</bdi>').format(found.observable.defanged)


def defanged(text: str) -> str:
    """``text`` with its observables defanged, without markup; for attributes and fields."""
    for found in reversed(find(text[:_LONGEST])):
        text = text[: found.start] + found.observable.defanged + text[found.end :]
    return text


def _with_places(text: str) -> tuple[str, list[Found]]:
    text = text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd")
    found = _places(text, find(text[:_LONGEST], _MOST))
    return _cut(text, found), found


def _cut(text: str, found: list[Found]) -> str:
    """The text with the number of each place for what stands there."""
    pieces: list[str] = []
    read = 0
    for number, one in enumerate(found):
        pieces += text[read : one.start], f"{_OPEN}{number}{_CLOSE}"
        read = one.end
    return "".join([*pieces, text[read:]])


def _places(text: str, first: list[Found]) -> list[Found]:
    """Each place of each observable: ``find`` tells only the first one."""
    places = [
        Found(one.observable, at.start(), at.end(), one.written)
        for one in first
        for at in re.finditer(re.escape(one.written), text)
    ]
    kept: list[Found] = []
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
    return kept


def _filled(html: str, found: list[Found], around: Markup = _PLAIN) -> Markup:
    def put(match: re.Match[str]) -> str:
        return str(around.format(safe_value(found[int(match[1])])))

    # What surrounds the places is escaped or cleaned; safe_value escapes what goes into them.
    return Markup(_PLACE.sub(put, html))  # noqa: S704


def _lower_headings(html: str) -> str:
    """A note stands under the page's own headings."""
    return re.sub(
        r"(</?h)([12])(>)", lambda match: f"{match[1]}{int(match[2]) + 2}{match[3]}", html
    )


def grouped(digits: str) -> str:
    """A fingerprint as people compare it: in groups of four."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
