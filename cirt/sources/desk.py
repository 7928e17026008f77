"""Connectors as the desk shows them: state and settings of each, run now, and the setting that is typed there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel import jobs
from cirt.kernel.errors import Conflict
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.plugin import Connector, ConnectorFault, Preview
from cirt.plugin.settings import Setting, Sort
from cirt.sources.account import EVERY_S
from cirt.sources.models import SavedSetting, Source, SourceRunRow
from cirt.sources.setup import ConnectorFailed, NoSuchConnector, connectors, schema_of

JOB = "sources.read"
_OURS = ("connector", "peer", "lane", "tlp")  # of a table, for the program and not the connector
_SAMPLE = 256 * 1024  # characters
_SLOT_S = 30


class SettingChanged(Conflict):
    code = "setting-changed"
    message = mark(
        "Somebody changed the settings of {name} since you opened the page. What you typed is below; compare and save again."
    )


@dataclass(frozen=True, slots=True)
class SourceRow:
    """``kind`` is the connector; one that no table names is not in use."""

    name: str
    kind: str
    peer: str
    is_used: bool
    state: Source | None
    last: SourceRunRow | None


@dataclass(frozen=True, slots=True)
class SettingRow:
    setting: Setting
    value: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class SourceView:
    """``typed`` is the setting that is typed at the desk, None where it has none or cirt.toml has it."""

    row: SourceRow
    settings: tuple[SettingRow, ...]
    typed: SettingRow | None
    version: int


def source_rows(work: Work, program: Program) -> list[SourceRow]:
    states = {each.name: each for each in work.session.scalars(sa.select(Source))}
    lasts = _last_runs(work)
    configured = program.settings.connectors
    used = {each.get("connector", name) for name, each in configured.items()}
    unused = [name for name in connectors() if name not in used]
    return [
        *(
            _row(name, configured[name], states.get(name), lasts.get(name))
            for name in sorted(configured)
        ),
        *(
            SourceRow(name, name, "", False, states.get(name), lasts.get(name))
            for name in sorted(unused)
        ),
    ]


def source_view(work: Work, program: Program, name: str) -> SourceView:
    """
    Raises:
        NoSuchConnector: it is not in use, or not installed.
    """
    table, kind = _table(program, name)
    query = sa.select(SavedSetting).where(SavedSetting.source == name)
    saved = {one.name: one for one in work.session.scalars(query)}
    rows = tuple(_setting(one, table, saved) for one in schema_of(kind))
    typed = next((row for row in rows if row.setting.sort is Sort.SAVED), None)
    if typed is not None and typed.setting.name in table:
        typed = None
    version = saved[typed.setting.name].version if typed and typed.setting.name in saved else 0
    state = work.session.get(Source, name)
    return SourceView(
        _row(name, table, state, _last_runs(work, name).get(name)), rows, typed, version
    )


def ask_run(work: Work, program: Program, name: str) -> None:
    """The worker reads it next; asked for twice within half a minute, it is read once.

    Raises:
        NoSuchConnector, NotAllowed.
    """
    work.require("source:write")
    _table(program, name)
    _put(work, name, f"now-{int(work.now.timestamp()) // _SLOT_S}")
    work.audit("source.ask", name)


def ask_all(work: Work, program: Program) -> int:
    """Each is read in a lane of its own, so that one that hangs holds up no other; how many that was not at it still."""
    slot = str(int(work.now.timestamp()) // EVERY_S)
    return sum(
        _put(work, name, slot)
        for name in program.settings.connectors
        if not jobs.is_lane_busy(work.session, _lane_of(name))
    )


def _put(work: Work, name: str, slot: str) -> bool:
    payload, lane = {"source": name}, _lane_of(name)
    return jobs.put(
        work.session, JOB, payload, run_at=work.now, slot=f"{JOB}-{lane}-{slot}", lane=lane
    )


def _lane_of(name: str) -> str:
    """Short, however long the name."""
    return f"source-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def preview_setting(program: Program, view: SourceView, value: str, sample: str) -> Preview:
    """What the sample would become with this value; nothing is kept.

    Raises:
        ConnectorFailed: the value is none, in the connector's sentence.
    """
    name = view.row.name
    made = _tried(program, view, value)
    look = getattr(made, "preview", None)
    if look is None:
        raise ConnectorFailed(name=name, reason="this connector has no preview.")
    try:
        shown: Preview = look(sample[:_SAMPLE].encode("utf-8", "surrogatepass"))
    except ConnectorFault as fault:
        raise ConnectorFailed(name=name, reason=str(fault)) from fault
    return shown


def save_setting(work: Work, program: Program, name: str, value: str, version: int) -> None:
    """From the next run on it is read so; what was read before stays as it is.

    Raises:
        NoSuchConnector, ConnectorFailed, SettingChanged, NotAllowed.
    """
    work.require("source:write")
    view = source_view(work, program, name)
    if view.typed is None:
        raise NoSuchConnector(name=name)
    _tried(program, view, value)
    key = (name, view.typed.setting.name)
    saved = work.session.get(SavedSetting, key, with_for_update=True)
    if (saved.version if saved else 0) != version:
        raise SettingChanged(name=name)
    if saved is None:
        saved = SavedSetting(source=name, name=key[1], version=0)
        work.session.add(saved)
    saved.value, saved.version = value, version + 1
    work.audit("source.set", name, setting=key[1])


def _tried(program: Program, view: SourceView, value: str) -> Connector:
    """The connector with this value, if it takes that."""
    table, kind = _table(program, view.row.name)
    given = {key: text for key, text in table.items() if key not in _OURS}
    if view.typed is not None:
        given[view.typed.setting.name] = value
    try:
        return kind(given)
    except ConnectorFault as fault:
        raise ConnectorFailed(name=view.row.name, reason=str(fault)) from fault


def _table(program: Program, name: str) -> tuple[Mapping[str, str], type[Connector]]:
    table = program.settings.connectors.get(name)
    kind = connectors().get(table.get("connector", name)) if table is not None else None
    if table is None or kind is None:
        raise NoSuchConnector(name=name)
    return table, kind


def _row(
    name: str, table: Mapping[str, str], state: Source | None, last: SourceRunRow | None
) -> SourceRow:
    return SourceRow(name, table.get("connector", name), table.get("peer", ""), True, state, last)


def _last_runs(work: Work, name: str | None = None) -> dict[str, SourceRunRow]:
    """Of every source, or of one, the run that began last."""
    newest = sa.select(sa.func.max(SourceRunRow.id)).group_by(SourceRunRow.source)
    if name is not None:
        newest = newest.where(SourceRunRow.source == name)
    query = sa.select(SourceRunRow).where(SourceRunRow.id.in_(newest))
    return {row.source: row for row in work.session.scalars(query)}


def _setting(
    one: Setting, table: Mapping[str, str], saved: Mapping[str, SavedSetting]
) -> SettingRow:
    typed = saved[one.name].value if one.name in saved else ""
    value = table.get(one.name, typed)
    return SettingRow(one, value or one.default, bool(value))
