"""A mail's HTML as text. Nothing is fetched; what a link shows and where it leads are both kept."""

import re
from html import unescape

import nh3

_MAX_CHARS = 1024 * 1024
_MAX_TAGS = (
    10_000  # deep nesting costs the cleaner quadratic time; ten thousand stay below a second
)
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
    }
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
    }
    | {"tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [^<>]*)?)>")
_HREF = re.compile(r'href="([^"]*)"')
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SHOWN = re.compile(r" <([^<>\s]{4,2000})>")
_LINKS = {"http", "https", "ftp", "mailto"}


def html_text(source: str) -> str:
    """What a reader would see, line by line, with the address of each link behind it."""
    shown = nh3.clean(
        _within_limits(source),
        tags=set(_BLOCKS | _CELLS | {"a"}),
        attributes={"a": {"href"}},
        clean_content_tags={"script", "style", "title"},
        url_schemes=_LINKS,
        link_rel=None,
    )
    return _lines(_TAG.sub(_Replacing(), _SPACES.sub(" ", shown)))


def links_in(source: str) -> list[str]:
    """Where its links lead, each once, in order."""
    text = nh3.clean(
        _within_limits(source),
        tags={"a"},
        attributes={"a": {"href"}},
        url_schemes=_LINKS,
        link_rel=None,
    )
    return list(dict.fromkeys(unescape(href) for href in _HREF.findall(text)))


def _within_limits(source: str) -> str:
    source, at = source[:_MAX_CHARS], -1
    for _ in range(_MAX_TAGS):
        at = source.find("<", at + 1)
        if at < 0:
            return source
    return source[:at]


class _Replacing:
    """Remembers the link it is in."""

    def __init__(self) -> None:
        self._href = ""

    def __call__(self, tag: re.Match[str]) -> str:
        closes, name, rest = tag[1], tag[2], tag[3]
        if name == "a":
            return self._link(closes, rest)
        if name in _CELLS:
            return " \x1f" if closes else ""
        return "\n\n" if name == "p" else "\n" if name == "br" or closes or name in _BLOCKS else ""

    def _link(self, closes: str, rest: str) -> str:
        if not closes:
            found = _HREF.search(rest)
            self._href = found[1] if found else ""
            return ""
        href, self._href = self._href, ""
        return f" &lt;{href}&gt;" if href else ""


def _lines(text: str) -> str:
    """Trimmed, with one empty line between paragraphs at most, and no address twice where the link shows it."""
    lines = (unescape(line).replace("\x1f", "\t").strip() for line in text.split("\n"))
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return _SHOWN.sub(lambda link: "" if _is_shown(joined, link) else link[0], joined)


def _is_shown(text: str, link: re.Match[str]) -> bool:
    """Whether the link's own words are its address."""
    href = link[1].removeprefix("mailto:").removesuffix("/")
    return text.endswith((href, f"{href}/"), 0, link.start())
