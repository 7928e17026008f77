"""A graph drawn on the server: one thing in the middle, what is ours on the start side, the rest on the other.

Geometry stands in attributes and colour in classes, so that the policy for styles, dark mode and print need nothing
(ui.md, section 12). Every node is a link; the page lists the same below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

MOST = 12
_WIDTH, _ROW, _BOX, _HIGH = 760, 52, 184, 40
_LONGEST = 24  # letters in a box


@dataclass(frozen=True, slots=True)
class Node:
    """``edge`` is written on the line to it; ``is_start`` puts it on the start side."""

    kind: str
    label: str
    edge: str
    path: str
    is_start: bool


def draw(middle: Node, nodes: Sequence[Node], *, title: str, words: str, rtl: bool) -> Markup:
    """``words`` tell the finding to who cannot see it; ``rtl`` mirrors the drawing."""
    starts = [node for node in nodes if node.is_start]
    ends = [node for node in nodes if not node.is_start]
    high = max(len(starts), len(ends), 2) * _ROW + 16
    placed = [
        (node, _x(is_start, rtl), high / len(side) * (place + 0.5))
        for is_start, side in ((True, starts), (False, ends))
        for place, node in enumerate(side)
    ]
    x, y = _WIDTH / 2, high / 2
    lines = Markup("").join(_line(node, x, y, to_x, to_y) for node, to_x, to_y in placed)
    boxes = Markup("").join(_box(node, to_x, to_y) for node, to_x, to_y in placed)
    return Markup(
        '<svg viewBox="0 0 {} {}" role="group" aria-labelledby="g-t g-d" direction="ltr">'
        '<title id="g-t">{}</title><desc id="g-d">{}</desc>{}{}{}</svg>'
    ).format(_WIDTH, round(high), title, words, lines, boxes, _box(middle, x, y, "nd me"))


def _x(is_start: bool, rtl: bool) -> float:
    return _BOX / 2 + 2 if is_start is not rtl else _WIDTH - _BOX / 2 - 2


def _line(node: Node, x: float, y: float, to_x: float, to_y: float) -> Markup:
    """From the middle to a box, its words half way between the two edges."""
    at_x, at_y = (x + to_x) / 2, (y + to_y) / 2
    wide = len(node.edge) * 6 + 8
    drawn = Markup('<path class="ed" d="M{:.0f} {:.0f}L{:.0f} {:.0f}"/>').format(x, y, to_x, to_y)
    if not node.edge:
        return drawn
    return drawn + Markup(
        '<rect class="lb" x="{:.0f}" y="{:.0f}" width="{}" height="16"/>'
        '<text x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text>'
    ).format(at_x - wide / 2, at_y - 8, wide, at_x, at_y + 4, node.edge)


def _box(node: Node, x: float, y: float, style: str = "nd") -> Markup:
    box = Markup(
        '<g class="{}"><rect x="{:.0f}" y="{:.0f}" width="{}" height="{}" rx="3"/>'
        '<text x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text>'
        '<text class="t1" x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text></g>'
    ).format(
        style,
        x - _BOX / 2,
        y - _HIGH / 2,
        _BOX,
        _HIGH,
        x,
        y - 4,
        _short(node.kind),
        x,
        y + 11,
        _short(node.label),
    )
    return Markup('<a href="{}">{}</a>').format(node.path, box) if node.path else box


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
