"""Words and glyphs for what the register keeps as codes, as pieces of a page."""

from typing import Any

from markupsafe import Markup

from cirt.register import rsit
from cirt.register.labels import FACT_FIELDS, INCIDENT_STATES, REPORT_STATES
from cirt.register.models import ENTRY_SENTENCES, EntryKind, IncidentState, ReportState
from cirt.register.queries import EntryRow
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


def _strong(text: object) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def _shown(name: str, value: Any) -> object:
    if name in ("report", "release", "incident") and value:
        return reference_link(value)
    if name == "value":
        return ioc(str(value))
    if name in ("before", "after"):
        return _strong(i18n.translate(INCIDENT_STATES[IncidentState(value)]))
    if name == "fields":
        return ", ".join(i18n.translate(FACT_FIELDS.get(field, field)) for field in value)
    if name == "peer":
        return _strong(value)
    return value
