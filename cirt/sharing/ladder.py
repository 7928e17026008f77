"""The five markings under one agreement, as a page shows them."""

from datetime import datetime

from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Facts, PeerReader, Terms
from cirt.sharing.rules import decide
from cirt.sharing.table import table_rule
from cirt.sharing.verdicts import RULES, Decision, Verdict


def ladder(terms: Terms) -> list[tuple[Tlp, Verdict]]:
    """What these terms say to our own objects of each marking, were everything else right."""
    return [(tlp, _step(tlp, terms)) for tlp in Tlp]


def _step(tlp: Tlp, terms: Terms) -> Verdict:
    if tlp > terms.ceiling:
        return Verdict.NO
    return RULES[table_rule(tlp, own=True, level=terms.level)].verdict


def reasons(reader: PeerReader, now: datetime) -> list[tuple[Tlp, Decision]]:
    """What the gate says to an object of ours of each marking, of a type and sector that fit."""
    terms = reader.terms
    kind = min(terms.types) if terms and terms.types else "indicator"
    sector = min(terms.sectors) if terms and terms.sectors else None
    return [
        (tlp, decide(Facts(kind, tlp, written_tlp=tlp, sector=sector), reader, "published", now))
        for tlp in Tlp
    ]
