"""What may be done with an object beside handing it on: PAP (sharing digest, section 2). Pure."""

from enum import StrEnum

from cirt.kernel.tlp import Tlp
from cirt.objects.policies import Pap
from cirt.sharing.facts import Facts
from cirt.sharing.verdicts import RULES, Decision


class Use(StrEnum):
    """From the least that shows outside to the most."""

    SEARCH = "search"  # in one's own logs
    LOOK_UP = "look-up"  # passively, with third parties
    ACT = "act"  # block, sinkhole, contact, ask for a take-down: it shows


_ALLOWED: dict[Pap, frozenset[Use]] = {
    Pap.RED: frozenset({Use.SEARCH}),
    Pap.AMBER: frozenset({Use.SEARCH, Use.LOOK_UP}),
    Pap.GREEN: frozenset(Use),
    Pap.CLEAR: frozenset(Use),
}


def pap_of(facts: Facts) -> Pap:
    """What its markings say, else GREEN for what is open and AMBER for the rest."""
    return implied_pap(facts.tlp) if facts.pap is None else facts.pap


def implied_pap(tlp: Tlp) -> Pap:
    """What counts where nothing is said."""
    return Pap.GREEN if tlp <= Tlp.GREEN else Pap.AMBER


def decide_use(facts: Facts, use: Use) -> Decision:
    """May this be done with it? For block lists, look-ups and letters that ask others to act."""
    pap = pap_of(facts)
    rule = "pap-yes" if use in _ALLOWED[pap] else "pap"
    return Decision(RULES[rule].verdict, rule, {"pap": pap.label})
