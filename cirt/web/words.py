"""Words and glyphs for what the register keeps as codes, as pieces of a page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from markupsafe import Markup

from cirt.kernel.text import mark
from cirt.register import rsit
from cirt.register.bin.models import BINNED, Binned
from cirt.register.labels import FACT_FIELDS, INCIDENT_STATES, REPORT_STATES
from cirt.register.models import ENTRY_SENTENCES, EntryKind, IncidentState, ReportState
from cirt.register.queries import AttackView, EntryRow
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


def ioc(value: str) -> Markup:
    """A value that nobody can click."""
    return Markup('<bdi class="ioc">{}</bdi>').format(defanged(value))


def reference_link(reference: str) -> Markup:
    """A report, incident or release by its name."""
    endpoint = {"REP": "triage.intake", "INC": "incidents.incident", "REL": "release.release"}
    target = path_of(endpoint[reference[:3]], reference=reference)
    return Markup('<a href="{}"><bdi class="mono">{}</bdi></a>').format(target, reference)


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
    return Markup("<strong>{}</strong>").format(text)


def _shown(name: str, value: Any) -> object:
    show = _SHOWN.get(name)
    return show(value) if show else value


def _linked(reference: str) -> object:
    return reference_link(reference) if reference else reference


def _fields(names: list[str]) -> str:
    return ", ".join(i18n.translate(FACT_FIELDS.get(name, name)) for name in names)


def _named(words: str) -> Markup:
    """A task or playbook; included ones are in the reader's language."""
    return _strong(i18n.translate(words).rstrip(".") or i18n.translate(mark("one that was erased")))


_SHOWN: dict[str, Callable[[Any], object]] = {
    "report": _linked,
    "release": _linked,
    "value": lambda value: ioc(str(value)),
    "before": lambda value: _strong(i18n.translate(INCIDENT_STATES[IncidentState(value)])),
    "after": lambda value: _strong(i18n.translate(INCIDENT_STATES[IncidentState(value)])),
    "fields": _fields,
    "peer": _strong,
    "task": _named,
    "playbook": _named,
    "task_before": lambda value: _strong(i18n.translate(TASK_STATES[TaskState(value)])),
    "task_after": lambda value: _strong(i18n.translate(TASK_STATES[TaskState(value)])),
    "binned": lambda value: i18n.translate(BINNED[Binned(value)]),
}
