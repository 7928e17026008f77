"""What an edit of the facts changed, as pieces of the timeline: each fact with what it was and what it became."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from markupsafe import Markup

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.register.facts.kinds import PRIORITY_WORDS, Priority
from cirt.register.labels import FACT_FIELDS, SEVERITIES
from cirt.register.models import EntryKind, Severity
from cirt.register.timeline.queries import EntryRow
from cirt.web import i18n
from cirt.web.prose import line
from cirt.web.words import class_words

_OWNER = "owner_id"


def owners_in(entries: Iterable[EntryRow]) -> set[int]:
    """Whose names the changes in these entries need."""
    return {one for entry in entries for one in _changed(entry).get(_OWNER, ()) if one is not None}


def changes(entry: EntryRow, owners: Mapping[int | None, str]) -> list[Markup]:
    """Facts of one value out of few; a list is only named, and a title too: the one before may have been for fewer."""
    return [
        i18n.say(
            mark("{what}: before {before}, now {after}"),
            what=i18n.translate(FACT_FIELDS[name]),
            before=_shown(name, before, owners),
            after=_shown(name, after, owners),
        )
        for name, (before, after) in _changed(entry).items()
        if name in _SHOWN or name == _OWNER
    ]


def _changed(entry: EntryRow) -> dict[str, Any]:
    return entry.values.get("changed", {}) if entry.kind is EntryKind.FACTS else {}


def _shown(name: str, value: Any, owners: Mapping[int | None, str]) -> Markup:
    if value is None:
        words = i18n.translate(_NOTHING[name])
    elif name == _OWNER:
        words = owners[value]
    else:
        words = _SHOWN[name](value)
    return Markup("<strong>{}</strong>").format(line(words))


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "rsit_class": lambda value: class_words(value, None),
    "severity": lambda value: i18n.translate(SEVERITIES[Severity(value)]),
    "tlp": lambda value: Tlp(value).label,
    "priority": lambda value: i18n.translate(PRIORITY_WORDS[Priority(value)]),
}
_NOTHING = {_OWNER: mark("Nobody yet"), "priority": mark("As severity and sectors say")}
