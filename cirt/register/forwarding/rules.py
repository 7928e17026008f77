"""Whether a report's marking lets it be handed on. Pure."""

from datetime import datetime

from cirt.kernel.tlp import Tlp
from cirt.register.forwarding.errors import (
    AboveCeiling,
    NoAgreementToForward,
    RedNotForwarded,
    StrictNotForwarded,
)
from cirt.sharing.case import agreement_rule
from cirt.sharing.facts import PeerReader


def check_forwarding(tlp: Tlp, name: str, reader: PeerReader | None, now: datetime) -> None:
    """``reader`` is the peer called ``name``; None: an agency, with which the team has dealings of its own.

    Raises:
        ForwardForbidden: by its kind, why not.
    """
    if tlp is Tlp.RED:
        raise RedNotForwarded(name=name)
    if tlp is Tlp.AMBER_STRICT:
        raise StrictNotForwarded(name=name)
    if reader is None:
        return
    in_force = reader.terms if agreement_rule(reader, now) is None else None
    if in_force is None and (tlp > Tlp.GREEN or reader.suspended):
        raise NoAgreementToForward(name=name)
    if in_force is not None and tlp > in_force.ceiling:
        raise AboveCeiling(name=name, tlp=tlp.label, ceiling=in_force.ceiling.label)
