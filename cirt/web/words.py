"""Words and glyphs for what the register keeps as codes, as pieces of a page."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from cirt.kernel.text import mark
from cirt.register import rsit
from cirt.register.bin.models import BINNED
from cirt.register.constituents.labels import PARTY_ROLES
from cirt.register.constituents.models import PartyRole
from cirt.register.facts.kinds import PAP_WORDS, PRIORITY_WORDS, Priority
from cirt.register.facts.places import SECTORS
from cirt.register.facts.rules import class_of, pap_of
from cirt.register.labels import FACT_FIELDS, INCIDENT_STATES, REPORT_STATES, SEVERITIES, SIDES
from cirt.register.models import (
    ENTRY_SENTENCES,
    EntryKind,
    Incident,
    IncidentState,
    ReportState,
    Side,
)
from cirt.register.queries import AttackView, EntryRow
from cirt.register.relations.commands import wish_of
from cirt.register.relations.labels import LINK_WORDS
from cirt.register.relations.models import RelationKind
from cirt.register.tasks.models import TASK_STATES, TaskState
from cirt.register.timeline.models import Precision
from cirt.register.timeline.times import zone_of
from cirt.web import i18n, signs
from cirt.web.icons import icon
from cirt.web.paths import path_of
from cirt.web.prose import defanged


def incident_state(state: IncidentState) -> Markup:
    return _sign(signs.INCIDENT[state], INCIDENT_STATES[state])


def report_state(state: ReportState) -> Markup:
    return _sign(signs.REPORT[state], REPORT_STATES[state])


def _sign(sign: tuple[str, str], words: str) -> Markup:
    glyph, tone = sign
    return Markup('<span class="{}">{}{}</span>').format(
        f"st {tone}".strip(), icon(f"st-{glyph}"), i18n.translate(words)
    )


def task_state(state: TaskState) -> Markup:
    return _sign(signs.TASK[state], TASK_STATES[state])


def class_words(rsit_class: str, rsit_type: str | None) -> str:
    """Its class and, where it is known, its type."""
    found = rsit.CLASSES.get(rsit_class)
    if found is None:
        return rsit_class
    words = i18n.translate(found.label)
    label = found.types.get(rsit_type or "")
    return f"{words} › {i18n.translate(label)}" if label else words  # noqa: RUF001 - a sign, not a letter


def code_words(code: str) -> str:
    """A further class as it is kept: fraud/phishing."""
    return class_words(*class_of(code))


def pap_sign(incident: Incident) -> Markup:
    """What may be done with it, beside the marking that says who may be told."""
    pap = pap_of(incident.pap, incident.tlp)
    return Markup('<span class="tag ltr" title="{}">{}</span>').format(
        i18n.translate(PAP_WORDS[pap]), pap.label
    )


def pap_words(incident: Incident) -> str:
    return i18n.translate(PAP_WORDS[pap_of(incident.pap, incident.tlp)])


def priority_words(priority: int) -> str:
    return i18n.translate(PRIORITY_WORDS[Priority(priority)])


def sector_words(code: str) -> str:
    return i18n.translate(SECTORS[code]) if code in SECTORS else code


def role_words(role: PartyRole) -> str:
    return i18n.translate(PARTY_ROLES[role])


def link_words(kind: RelationKind, is_from: bool) -> str:
    return i18n.translate(LINK_WORDS[wish_of(kind, is_from)])


def side_words(side: Side) -> str:
    return i18n.translate(SIDES[side])


def tenths(score: int) -> str:
    """39.8 of 398."""
    return f"{score // 10}.{score % 10}"


def ioc(value: str) -> Markup:
    """A value that nobody can click."""
    return Markup('<bdi class="ioc">{}</bdi>').format(defanged(value))


def reference_link(reference: str) -> Markup:
    """A report, incident or release by its name."""
    return Markup('<a href="{}"><bdi class="mono">{}</bdi></a>').format(
        reference_path(reference), reference
    )


def reference_path(reference: str) -> str:
    """The page of a report, incident or release."""
    endpoint = {"REP": "triage.intake", "INC": "incidents.incident", "REL": "release.release"}
    return path_of(endpoint[reference[:3]], reference=reference)


def entry_icon(kind: EntryKind) -> Markup:
    return icon(signs.ENTRY_ICONS[kind])


def entry_sentence(entry: EntryRow) -> Markup:
    """What a line of the timeline tells, in the reader's language."""
    values = {name: _shown(name, value) for name, value in entry.values.items()}
    return i18n.say(ENTRY_SENTENCES[entry.kind], **{"actor": _strong(entry.actor), **values})


def attack_time(attack: AttackView, at: datetime) -> str:
    """When it occurred in the zone in which it was told, no more exactly than it is known."""
    local = at.astimezone(zone_of(attack.zone))
    if attack.precision is Precision.DAY:
        return f"{i18n.day(local)}, {attack.zone}"
    if attack.precision is Precision.HOUR:
        return f"{i18n.day(local)} {local:%H}:00\N{EN DASH}{local:%H}:59, {attack.zone}"
    return f"{i18n.day(local)} {i18n.clock(local)}, {attack.zone}"


def _strong(text: object) -> Markup:
    return Markup("<strong><bdi>{}</bdi></strong>").format(text)


def _shown(name: str, value: Any) -> object:
    show = _SHOWN.get(name)
    if name in _NAMED:
        return i18n.translate(_NAMED[name][value] if value else mark("nobody says"))
    return show(value) if show and value else value


def _fields(names: Iterable[str]) -> str:
    return ", ".join(i18n.translate(FACT_FIELDS.get(name, name)) for name in names)


def _state(value: str) -> Markup:
    return _strong(i18n.translate(INCIDENT_STATES[IncidentState(value)]))


def _name(value: str) -> Markup:
    return _strong(defanged(value))


def _included(words: str) -> Markup:
    """A task or playbook; included ones are in the reader's language."""
    return _strong(i18n.translate(words).rstrip(".") or i18n.translate(mark("one that was erased")))


# How the values of entries are shown, by their name.
_SHOWN: Mapping[str, Callable[[Any], object]] = {
    "report": reference_link,
    "release": reference_link,
    "incident": reference_link,
    "value": ioc,
    "before": _state,
    "after": _state,
    "fields": _fields,
    "peer": _strong,
    "party": _name,
    "task": _included,
    "playbook": _included,
}

# Those that are codes.
_NAMED: Mapping[str, Mapping[str, str]] = {
    "severity": {each.value: words for each, words in SEVERITIES.items()},
    "role": {each.value: words for each, words in PARTY_ROLES.items()},
    "relation": {each.value: words for each, words in LINK_WORDS.items()},
    "side": {each.value: words for each, words in SIDES.items()},
    "task_before": {each.value: words for each, words in TASK_STATES.items()},
    "task_after": {each.value: words for each, words in TASK_STATES.items()},
    "binned": {each.value: words for each, words in BINNED.items()},
}
