"""What of an indicator goes into a part with a lower marking, and what does not, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.observables.kinds import Observable
from cirt.objects.policies import Pap
from cirt.release.parts.words import Word, is_internal, shapes_told, take_out, told, worth

_CARRIED = frozenset({"pattern", "indicator_types", "confidence"})
_CONSTANT = frozenset(
    {"type", "spec_version", "pattern_type", "pattern_version", "created_by_ref", "revoked"}
)
_ANEW = frozenset({"id", "created", "modified", "object_marking_refs"})
_TRIES = 20  # for an id in which no word stands by chance


class Fate(StrEnum):
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one property of the original. ``words``: what was in it."""

    name: str
    fate: Fate
    words: tuple[Word, ...] = ()


class WhyNot(StrEnum):
    NOT_OURS = "not-ours"
    NO_PATTERN = "no-pattern"
    IN_PATTERN = "in-pattern"
    INTERNAL = "internal"
    TOLD = "told"
    REVOKED = "revoked"
    POLICY = "policy"


WHY_NOT = {
    WhyNot.NOT_OURS: mark("Another organisation made it; only they can lower its marking."),
    WhyNot.NO_PATTERN: mark("It is no indicator with a STIX pattern."),
    WhyNot.IN_PATTERN: mark("What it looks for tells: {words}"),
    WhyNot.INTERNAL: mark("It looks for an internal host or address."),
    WhyNot.TOLD: mark("It cannot be written without telling: {words}"),
    WhyNot.REVOKED: mark("It is revoked."),
    WhyNot.POLICY: mark(
        "A policy on it (IEP) states a stricter TLP than this, and goes with every part of it."
    ),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a part is made; the same recipe gives the same bytes."""

    tlp: Tlp
    creator: str
    at: datetime
    words: Sequence[Word]  # from ``worth``
    keep_text: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """The markings beside TLP that a part keeps. ``texts`` are those of their definitions; ``tlp`` is what they state."""

    refs: tuple[str, ...] = ()
    pap: Pap | None = None
    names: tuple[str, ...] = ()  # of those that are no PAP
    texts: tuple[str, ...] = ()
    tlp: Tlp | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    made: StixObject | None
    changes: Sequence[Change] = ()
    why_not: WhyNot | None = None
    words: Sequence[Word] = ()  # that stand in the way


def derive(
    original: Mapping[str, Any],
    observables: Sequence[Observable],
    recipe: Recipe,
    ids: Sequence[str],
    carried: Carried = Carried(),
) -> Derived:
    """A new indicator that tells none of the words; ``ids`` are to choose from, the first that tells none."""
    if stays := _kept_back(carried, recipe):
        return stays
    if original.get("type") != "indicator" or original.get("pattern_type") != "stix":
        return Derived(None, why_not=WhyNot.NO_PATTERN)
    pattern = str(original["pattern"])
    in_pattern = told(recipe.words, [pattern, *(each.value for each in observables)])
    if in_pattern or shapes_told([pattern]):
        return Derived(None, why_not=WhyNot.IN_PATTERN, words=in_pattern)
    if any(is_internal(each) for each in observables):
        return Derived(None, why_not=WhyNot.INTERNAL)
    name, in_name = take_out(recipe.words, str(original.get("name", "")))
    text, in_text = "", list[Word]()
    if original.get("description") and recipe.keep_text:
        text, in_text = take_out(recipe.words, str(original["description"]))
    kept: dict[str, Any] = {
        "name": name or (observables[0].defanged if observables else None),
        "description": text or None,
        **_times(original),
    }
    made = _build(original, kept, recipe, ids, carried.refs)
    if made is None:
        texts = [*map(str, kept.values()), *map(str, original.get("indicator_types", []))]
        return Derived(None, why_not=WhyNot.TOLD, words=told(recipe.words, texts))
    return Derived(made, tuple(_changes(original, kept, in_name, in_text)))


def _kept_back(carried: Carried, recipe: Recipe) -> Derived | None:
    """Where what it keeps states a stricter TLP, or tells."""
    if carried.tlp is not None and carried.tlp > recipe.tlp:
        return Derived(None, why_not=WhyNot.POLICY)
    words = told(recipe.words, carried.texts)
    return Derived(None, why_not=WhyNot.TOLD, words=words) if words else None


def _times(original: Mapping[str, Any]) -> dict[str, datetime | None]:
    """Whole days: the validity begins with its first, and ends with its last."""
    begins = _day(original["valid_from"])
    end = original.get("valid_until")
    ends = None if end is None else max(_day(end, up=True), begins + timedelta(days=1))
    return {"valid_from": begins, "valid_until": ends}


def _day(text: str, *, up: bool = False) -> datetime:
    moment = datetime.fromisoformat(text)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    is_last = day.date() == date.max  # after it there is none: as far as "for ever" is written
    return day + timedelta(days=1) if up and day < moment and not is_last else day


def _build(
    original: Mapping[str, Any],
    kept: Mapping[str, Any],
    recipe: Recipe,
    ids: Sequence[str],
    refs: Sequence[str],
) -> StixObject | None:
    """None where its bytes would tell one of the words whatever its id is."""
    for stix_id in ids[:_TRIES]:
        made = build.new_indicator(
            pattern=str(original["pattern"]),
            creator=recipe.creator,
            at=recipe.at,
            tlp=recipe.tlp,
            indicator_types=original.get("indicator_types", ()),
            confidence=original.get("confidence"),
            marking_refs=refs,
            stix_id=stix_id,
            **kept,
        )
        if not told(recipe.words, _values_of(made.content())):
            return made
    return None


def _values_of(content: Mapping[str, Any]) -> list[str]:
    """Every value but those that are the same in each indicator of ours."""
    found: list[str] = []
    for name, value in content.items():
        if name not in _CONSTANT and name != "object_marking_refs":
            found += [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return found


def _changes(
    original: Mapping[str, Any],
    kept: Mapping[str, Any],
    in_name: Sequence[Word],
    in_text: Sequence[Word],
) -> list[Change]:
    words = {"name": tuple(in_name), "description": tuple(in_text)}
    changes = []
    for name in original:
        if name in _CARRIED | _CONSTANT | _ANEW:
            continue
        if kept.get(name) is None:
            changes.append(Change(name, Fate.DROPPED, words.get(name, ())))
        elif name in words and kept[name] != original[name]:
            changes.append(Change(name, Fate.CHANGED, words[name]))
        elif name in ("valid_from", "valid_until") and _is_finer(str(original[name])):
            changes.append(Change(name, Fate.CHANGED))
    return changes


def _is_finer(text: str) -> bool:
    return _day(text) != datetime.fromisoformat(text)


def typed_words(lines: str) -> list[str]:
    """One word or name a line, as a person typed them."""
    return [line.strip() for line in lines.splitlines() if line.strip()]


__all__ = [
    "WHY_NOT",
    "Carried",
    "Change",
    "Derived",
    "Fate",
    "Recipe",
    "WhyNot",
    "derive",
    "typed_words",
    "worth",
]
