"""Connectors by name, and what ``cirt.toml`` says of each: whose data it is, and how mail is taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from cirt.kernel.errors import Invalid, NotFound
from cirt.kernel.program import Program
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp, TlpUnknown
from cirt.plugin import STIX, Connector, ConnectorFault
from cirt.register.models import Lane


class NoSuchConnector(NotFound):
    code = "no-such-connector"
    message = mark("There is no connector {name}. List them with: cirt connector list")


class ConnectorFailed(Invalid):
    code = "connector-failed"
    message = mark("{name}: {reason}")


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
            reason = (
                f"say whose data this is: set peer under [connectors.{self.name}] in cirt.toml."
            )
            raise ConnectorFailed(name=self.name, reason=reason)
        return self.peer


def connectors() -> dict[str, type[Connector]]:
    """Every installed connector by name."""
    return {point.name: point.load() for point in entry_points(group="cirt.connectors")}


def set_up(program: Program, name: str, known: Mapping[str, type[Connector]]) -> SetUp:
    """
    Raises:
        NoSuchConnector, ConnectorFailed.
    """
    settings = dict(program.settings.connectors.get(name, {}))
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
        raise ConnectorFailed(name=name, reason=str(fault)) from fault


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
