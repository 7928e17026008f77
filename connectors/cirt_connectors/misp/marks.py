"""Tags of MISP: what they say of TLP and PAP as STIX markings, and the others as labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cirt.plugin.stix import PAP_REFS, TLP_REFS

_ORDER = ("clear", "green", "amber", "amber+strict", "red")
_OLD = {"white": "clear", "amber_strict": "amber+strict", "amber strict": "amber+strict"}
_SAYS_NOTHING = ("unclear", "ex:chr")
_AS_STRICT = "amber+strict"  # a level that we do not know is no reason to be lax
_MOST_LABELS = 200


@dataclass(frozen=True, slots=True)
class Marks:
    """``tlp`` and ``pap`` are the strictest of their kind, empty where nothing is said; ``odd`` is for people."""

    tlp: str = ""
    pap: str = ""
    labels: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()

    @property
    def refs(self) -> list[str]:
        tlp = [TLP_REFS[self.tlp]] if self.tlp else []
        return [*tlp, *([PAP_REFS[self.pap]] if self.pap else [])]

    def within(self, event: "Marks") -> "Marks":
        """What holds for an attribute: its own TLP and PAP; of what it does not say, the event's."""
        return Marks(self.tlp or event.tlp, self.pap or event.pap, self.labels, self.odd)


def marks_of(tags: Any) -> Marks:
    """Of the list of tags that an event or an attribute has."""
    tlps, paps, labels, odd = set[str](), set[str](), dict[str, None](), list[str]()
    for name in _names(tags):
        space, _, word = name.partition(":")
        level = _OLD.get(word.strip().strip('"').casefold(), word.strip().strip('"').casefold())
        if space.casefold() == "tlp":
            if level in _ORDER:
                tlps.add(level)
            elif level not in _SAYS_NOTHING:
                tlps.add(_AS_STRICT)
                odd.append(f"tag {name[:60]}, read as TLP:AMBER+STRICT")
        elif space.casefold() == "pap" and level in PAP_REFS:
            paps.add(level)
        else:
            labels[name[:250]] = None
    return Marks(_strictest(tlps), _strictest(paps), tuple(labels)[:_MOST_LABELS], tuple(odd))


def _names(tags: Any) -> Iterable[str]:
    if not isinstance(tags, list):
        return
    for tag in tags:
        name = tag.get("name") if isinstance(tag, dict) else None
        if isinstance(name, str) and name.strip():
            yield name.strip()


def _strictest(levels: set[str]) -> str:
    return max(levels, key=_ORDER.index, default="")
