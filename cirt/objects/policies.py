"""What markings say beside the TLP: PAP, and the Information Exchange Policy of FIRST (IEP 2.0)."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from cirt.objects.markings import IEP_EXTENSION, PAP_EXTENSION, PAP_IDS
from cirt.objects.timestamps import as_us, parse_us

_PAP = re.compile(r"\A\s*pap\s*[:=]\s*\"?(clear|white|green|amber|red)\"?\s*\Z", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_LONGEST = 40


class Pap(StrEnum):
    """What may be done with it, from the most to the least."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def rank(self) -> int:
        return list(Pap).index(self)

    @property
    def label(self) -> str:
        return f"PAP:{self.value.upper()}"


class Action(StrEnum):
    """What an IEP permits to be done (``permitted_actions``), from the least to the most."""

    NONE = "none"
    ASK = "ask"
    INTERNAL = "internal"
    INDIRECT = "indirect"
    DIRECT = "direct"


_ACTIONS = {
    "none": Action.NONE,
    "contact-for-instruction": Action.ASK,
    "internally-visible-actions": Action.INTERNAL,
    "externally-visible-indirect-actions": Action.INDIRECT,
    "externally-visible-direct-actions": Action.DIRECT,
}


class Iep(NamedTuple):
    """Of all policies on one object together what binds. Times are microseconds since 1970."""

    start_us: int | None = None
    end_us: int | None = None  # first instant after it
    actions: Action | None = None  # None: nothing said
    unnamed: bool = False  # attribution must-not
    quiet: bool = False  # affected_party_notifications must-not


class Policy(NamedTuple):
    pap: Pap | None = None
    iep: Iep = Iep()


NOTHING_SAID = Policy()


def policy_of(definition: Mapping[str, Any]) -> Policy:
    """What a marking-definition says of PAP and IEP, by whatever sign."""
    extensions = definition.get("extensions")
    found = extensions if isinstance(extensions, Mapping) else {}
    iep = found.get(IEP_EXTENSION)
    return Policy(_pap(definition, found), _iep(iep) if isinstance(iep, Mapping) else Iep())


FIXED: Mapping[str, Policy] = {
    stix_id: Policy(Pap.CLEAR if word == "white" else Pap(word))
    for stix_id, word in PAP_IDS.items()
}


def together(policies: Iterable[Policy]) -> Policy:
    """All of them apply: the strictest of each word."""
    said = [each for each in policies if each != NOTHING_SAID]
    if len(said) < 2:  # noqa: PLR2004 - nothing to compare
        return said[0] if said else NOTHING_SAID
    levels = [each.pap for each in said if each.pap is not None]
    starts = [each.iep.start_us for each in said if each.iep.start_us is not None]
    ends = [each.iep.end_us for each in said if each.iep.end_us is not None]
    actions = [each.iep.actions for each in said if each.iep.actions is not None]
    iep = Iep(
        max(starts, default=None),
        min(ends, default=None),
        min(actions, key=list(Action).index, default=None),
        any(each.iep.unnamed for each in said),
        any(each.iep.quiet for each in said),
    )
    return Policy(max(levels, key=lambda level: level.rank, default=None), iep)


def as_data(policy: Policy) -> dict[str, Any]:
    """For a JSON column; empty where nothing is said."""
    said = {"pap": policy.pap, **policy.iep._asdict()}
    return {name: value for name, value in said.items() if value not in (None, False)}


def from_data(said: Mapping[str, Any]) -> Policy:
    rest = dict(said)
    pap, actions = rest.pop("pap", None), rest.pop("actions", None)
    iep = Iep(**rest, actions=Action(actions) if actions else None)
    return Policy(Pap(pap) if pap else None, iep)


def _pap(definition: Mapping[str, Any], extensions: Mapping[str, Any]) -> Pap | None:
    """Of several signs the strictest: the extension, a name, a statement as MISP writes its tags."""
    levels = []
    own = extensions.get(PAP_EXTENSION)
    if isinstance(own, Mapping):
        levels.append(_level(f"pap:{own.get('pap')}"))
    inner = definition.get("definition")
    if isinstance(inner, Mapping):
        levels += [_level(f"pap:{inner.get('pap')}"), _level(inner.get("statement"))]
    levels.append(_level(definition.get("name")))
    known = [level for level in levels if level is not None]
    return max(known, key=lambda level: level.rank, default=None)


def _level(text: object) -> Pap | None:
    match = _PAP.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    word = match[1].lower()
    return Pap.CLEAR if word == "white" else Pap(word)


def _iep(said: Mapping[str, Any]) -> Iep:
    """What cannot be read permits nothing: its author wanted to limit something."""
    start, end = said.get("start_date"), said.get("end_date")
    start_us, end_us = _moment(start), _moment(end, last=True)
    actions = _member(said.get("permitted_actions"))
    if (start is not None and start_us is None) or (end is not None and end_us is None):
        actions = Action.NONE
    attribution = said.get("provider_attribution", said.get("attribution"))
    return Iep(
        start_us,
        end_us,
        actions,
        unnamed=attribution not in (None, "may", "must"),
        quiet=said.get("affected_party_notifications") not in (None, "may"),
    )


def _member(said: object) -> Action | None:
    return None if said is None else _ACTIONS.get(str(said), Action.NONE)


def _moment(said: object, *, last: bool = False) -> int | None:
    """A time, or a day; of a day that is the last one, its end."""
    if not isinstance(said, str) or len(said) > _LONGEST:
        return None
    exact = parse_us(said)
    if exact is not None:
        return exact
    try:
        found = datetime.fromisoformat(said)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        if last and _DAY.match(said):
            return as_us(_after(found))
        return as_us(found)
    except (ValueError, OverflowError):
        return None


def _after(day: datetime) -> datetime:
    """The first instant after a day; of the last day there is, its end: so "for ever" is written."""
    if day.date() == date.max:
        return datetime.max.replace(tzinfo=day.tzinfo)
    return day + timedelta(days=1)
