"""The five markings under one agreement, as a page shows them."""

from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Terms
from cirt.sharing.rules import table_rule
from cirt.sharing.verdicts import RULES, Verdict


def ladder(terms: Terms) -> list[tuple[Tlp, Verdict]]:
    """What these terms say to our own objects of each marking, were everything else right."""
    return [(tlp, _step(tlp, terms)) for tlp in Tlp]


def _step(tlp: Tlp, terms: Terms) -> Verdict:
    if tlp > terms.ceiling:
        return Verdict.NO
    return RULES[table_rule(tlp, own=True, level=terms.level)].verdict
