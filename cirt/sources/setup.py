"""Connectors by name, and what ``cirt.toml`` says of each: whose data it is, and how mail is taken."""

import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points

import sqlalchemy as sa

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp, TlpUnknown
from cirt.kernel.work import SYSTEM
from cirt.plugin import STIX, Connector, ConnectorFault
from cirt.plugin.settings import Setting
from cirt.register.models import Lane
from cirt.sources.models import SavedSetting


class NoSuchConnector(NotFound):
    code = "no-such-connector"
    message = mark("There is no connector {name}. List them with: cirt connector list")


class ConnectorFailed(Invalid):
    code = "connector-failed"
    message = mark("{name}: {reason}")


class SourceBusy(Conflict):
    code = "source-busy"
    message = mark(
        "{name} is being read at this moment. Wait until that is done; then it may run again."
    )


@dataclass(frozen=True, slots=True)
class SetUp:
    """A connector in use. ``name`` is that of its table: one connector may stand in several."""

    name: str
    connector: Connector
    peer: str
    lane: Lane | None
    tlp: Tlp

    def peer_of_data(self) -> str:
        """
        Raises:
            ConnectorFailed: it hands over STIX, and nobody said whose that is.
        """
        if not self.peer:
            raise _nobodys(self.name)
        return self.peer


@contextmanager
def alone(program: Program, name: str) -> Iterator[None]:
    """One run of a source at a time on this host; the system lets go of it when the process ends, however it ends.

    Raises:
        SourceBusy.
    """
    folder = program.settings.data_dir / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    sign = hashlib.sha256(name.encode()).hexdigest()[:16]
    with (folder / f"source-{sign}").open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SourceBusy(name=name) from None
        yield


def schema_of(kind: type[Connector]) -> tuple[Setting, ...]:
    """Which settings it has; empty for one that does not tell."""
    schema: tuple[Setting, ...] = getattr(kind, "schema", ())
    return schema


def _saved(program: Program, name: str) -> dict[str, str]:
    """What was typed at the desk; cirt.toml has the last word."""
    query = sa.select(SavedSetting.name, SavedSetting.value).where(SavedSetting.source == name)
    with program.work(SYSTEM, write=False) as work:
        return {row.name: row.value for row in work.session.execute(query)}


def connectors() -> dict[str, type[Connector]]:
    """Every installed connector by name."""
    return {point.name: point.load() for point in entry_points(group="cirt.connectors")}


def set_up(program: Program, name: str, known: Mapping[str, type[Connector]]) -> SetUp:
    """
    Raises:
        NoSuchConnector, ConnectorFailed.
    """
    settings = {**_saved(program, name), **program.settings.connectors.get(name, {})}
    kind = known.get(settings.pop("connector", name))
    if kind is None:
        raise NoSuchConnector(name=name)
    peer = settings.pop("peer", "")
    if not peer and getattr(kind, "brings", STIX) == STIX:
        raise _nobodys(name)
    lane, tlp = _lane(name, settings.pop("lane", "")), _tlp(name, settings.pop("tlp", "amber"))
    try:
        return SetUp(name, kind(settings), peer, lane, tlp)
    except ConnectorFault as fault:
        raise ConnectorFailed(name=name, reason=str(fault).removeprefix(f"{name}: ")) from fault


def _nobodys(name: str) -> ConnectorFailed:
    reason = f"say whose data this is: set peer under [connectors.{name}] in cirt.toml."
    return ConnectorFailed(name=name, reason=reason)


def _lane(name: str, given: str) -> Lane | None:
    if not given:
        return None
    try:
        return Lane(given)
    except ValueError:
        known = ", ".join(Lane)
        reason = f"there is no lane “{given}”. Write one of {known}."
        raise ConnectorFailed(name=name, reason=reason) from None


def _tlp(name: str, given: str) -> Tlp:
    try:
        tlp = Tlp.parse(given)
    except TlpUnknown as error:
        raise ConnectorFailed(name=name, reason=str(error)) from None
    if tlp is Tlp.RED:
        reason = "tlp cannot be red: that is for named persons."
        raise ConnectorFailed(name=name, reason=reason)
    return tlp
