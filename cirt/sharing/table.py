"""The decision table (sharing digest, section 5): marking, origin and level in, the rule of that cell out. Pure."""

from cirt.kernel.tlp import Tlp
from cirt.sharing.models import Level

# The columns of the decision table for peers (sharing digest, section 5): without an agreement or with
# TLP accepted, with an MoU, with an MoU and NDA. RED to named persons is not an organisation's to have.
_Y, _A, _P, _N = "table-yes", "table-two", "table-permission", "table-no"
_COLUMNS = (Level.TLP_ACK, Level.MOU, Level.MOU_NDA)
_OWN: dict[Tlp, tuple[str, str, str]] = {
    Tlp.CLEAR: (_Y, _Y, _Y),
    Tlp.GREEN: (_A, _Y, _Y),
    Tlp.AMBER: (_N, _Y, _Y),
    Tlp.AMBER_STRICT: (_N, _A, _A),
    Tlp.RED: (_N, _N, _N),
}
_FOREIGN: dict[Tlp, tuple[str, str, str]] = {
    Tlp.CLEAR: (_Y, _Y, _Y),
    Tlp.GREEN: (_A, _Y, _Y),
    Tlp.AMBER: (_N, _P, _P),
    Tlp.AMBER_STRICT: (_N, _P, _P),
    Tlp.RED: (_N, _P, _P),
}


def table_rule(tlp: Tlp, *, own: bool, level: Level) -> str:
    """The cell of the decision table for a peer at this level."""
    return (_OWN if own else _FOREIGN)[tlp][_COLUMNS.index(level)]


def named_red_rule(level: Level | None, *, own: bool) -> str:
    """The cell of the decision table for TLP:RED to a named person of a peer at this level."""
    if own:
        return "named-two" if level is Level.MOU_NDA else "named-level"
    return table_rule(Tlp.RED, own=False, level=level or Level.TLP_ACK)
