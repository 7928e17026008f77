"""The gate's rules: facts and a recipient in, a decision out. Pure, no clock, no database.

Each rule is a small function that answers the id of its sentence, or nothing where it does not speak. The
strictest of those that speak wins; none stops the others. ``narrow`` states the same in SQL.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Facts, PeerReader, PublicReader, Recipient, StaffReader, Terms
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.sharing.verdicts import RULES, Decision, Rule, Verdict

__all__ = [
    "RULES",
    "Decision",
    "Facts",
    "PeerReader",
    "PublicReader",
    "Recipient",
    "Rule",
    "StaffReader",
    "Terms",
    "Verdict",
    "decide",
    "decide_arrival",
    "decide_recall",
    "end_withheld",
    "stricter",
]

SHARED = "shared"  # kinds of collection, as release names them
INBOX = "inbox"

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


@dataclass(frozen=True, slots=True)
class _Case:
    """One question put to every rule."""

    facts: Facts
    reader: PeerReader
    kind: str | None  # of the collection it stands in; None: none yet
    posted: bool  # a peer put it into that collection
    now: datetime


_PeerRule: TypeAlias = Callable[[_Case], str | None]


def agreement_rule(reader: PeerReader, now: datetime) -> str | None:
    """Why no agreement is in force with this peer; None if one is."""
    return "peer-suspended" if reader.suspended else terms_rule(reader.terms, now)


def terms_rule(terms: Terms | None, now: datetime) -> str | None:
    """Why these terms are not in force; None if they are."""
    if terms is None:
        return "agreement-none"
    if terms.state is not AgreementState.IN_FORCE:
        return f"agreement-{terms.state.value}"
    if now < terms.valid_from:
        return "agreement-not-yet"
    if terms.valid_until is not None and now >= terms.valid_until:
        return "agreement-ended"
    return None


def _in_force(case: _Case) -> str | None:
    return agreement_rule(case.reader, case.now)


def _gives(case: _Case) -> str | None:
    terms = case.reader.terms
    return "agreement-takes-only" if terms and terms.direction is Direction.TAKE else None


def _inbox(case: _Case) -> str | None:
    return "inbox" if case.kind == INBOX else None


def _red(case: _Case) -> str | None:
    return "red-to-organisations" if case.facts.tlp is Tlp.RED else None


def _disputed(case: _Case) -> str | None:
    """What a peer posted in a shared collection stands there by its own word, not by ours."""
    stands_by_itself = case.posted and case.kind == SHARED
    return "version-conflict" if case.facts.disputed and not stands_by_itself else None


def _ceiling(case: _Case) -> str | None:
    terms = case.reader.terms
    return "ceiling" if terms and case.facts.tlp > terms.ceiling else None


def _type(case: _Case) -> str | None:
    return type_rule(case.facts, case.reader.terms)


def type_rule(facts: Facts, terms: Terms | None) -> str | None:
    if terms is None or not terms.types or facts.companion or facts.type in terms.types:
        return None
    return "type"


def _sector(case: _Case) -> str | None:
    terms, facts = case.reader.terms, case.facts
    if terms is None or not terms.sectors or facts.companion:
        return None
    if facts.sector is None:
        return "sector-unknown"
    return None if facts.sector in terms.sectors else "sector"


def _default_marking(case: _Case) -> str | None:
    terms, facts = case.reader.terms, case.facts
    if terms is None or facts.written_tlp is not None:
        return None
    return "default-marking" if terms.reads_unmarked_as < facts.tlp else None


def _echo_bringer(case: _Case) -> str | None:
    came_from_reader = case.facts.origin_id == case.reader.peer_id
    return "echo-bringer" if came_from_reader and case.kind != SHARED else None


def _echo_creator(case: _Case) -> str | None:
    facts, identity = case.facts, case.reader.identity_id
    if case.kind == SHARED or identity is None:
        return None
    return "echo-creator" if facts.creator == identity else None


def _table(case: _Case) -> str | None:
    facts, terms = case.facts, case.reader.terms
    rule = table_rule(facts.tlp, own=facts.is_own, level=terms.level if terms else Level.TLP_ACK)
    is_permitted = case.posted and case.kind == SHARED  # posting there is the permission
    return "table-yes" if is_permitted and rule == "table-permission" else rule


def _read_back(case: _Case) -> str | None:
    return "read-back"


# In order of what is said first where several are equally strict.
_ALWAYS: tuple[_PeerRule, ...] = (_in_force, _gives, _inbox, _red)
_GIVING: tuple[_PeerRule, ...] = (
    *_ALWAYS,
    _echo_bringer,
    _echo_creator,
    _disputed,
    _ceiling,
    _type,
    _sector,
    _default_marking,
    _table,
)
_READING_BACK: tuple[_PeerRule, ...] = (*_ALWAYS, _read_back)


def reads_back(origin_id: int | None, reader: PeerReader, kind: str | None) -> bool:
    """In a shared collection everybody reads back what they posted (rulings 9)."""
    return kind == SHARED and origin_id == reader.peer_id


def decide(
    facts: Facts,
    recipient: Recipient,
    kind: str | None,
    now: datetime,
    *,
    posted: bool = False,
) -> Decision:
    """May this go to that recipient?

    ``kind`` is that of the collection it stands in. ``posted`` says that a peer put it there, by which it
    permits the members of a shared collection to have it, within its marking.
    """
    if isinstance(recipient, PeerReader):
        return _decide_for_peer(_Case(facts, recipient, kind, posted, now))
    if isinstance(recipient, StaffReader):
        return _said(_staff_rule(facts, recipient), _values(facts))
    rule = "public-yes" if facts.tlp is Tlp.CLEAR else "public-no"
    return _said(rule, _values(facts))


def decide_recall(facts: Facts, reader: PeerReader, now: datetime, *, had_it: bool) -> Decision:
    """A bare revocation passes over marking and scope, to those who had the object (rulings 16)."""
    spoken = [agreement_rule(reader, now), "recall" if had_it else "never-had-it"]
    return _strictest([said for said in spoken if said], _values(facts, reader))


def end_withheld(end: str, facts: Facts, recipient: Recipient) -> Decision:
    """A relationship or sighting stays where an end may not go (sharing digest, section 5)."""
    reader = recipient if isinstance(recipient, PeerReader) else None
    return _said("end-withheld", {"reader": "", **_values(facts, reader), "end": end})


def stricter(one: Decision, other: Decision) -> Decision:
    """Of equally strict ones the first."""
    return other if other.verdict.strictness > one.verdict.strictness else one


def decide_arrival(facts: Facts, reader: PeerReader, now: datetime) -> Decision:
    """May this peer send us that? The ceiling limits what we give, not what we take.

    An arrival states no sector, so only a stated one can be outside the agreement.
    """
    spoken = list(_arrival_rules(facts, reader, now))
    return _strictest(spoken or ["arrival-yes"], _values(facts, reader))


def _arrival_rules(facts: Facts, reader: PeerReader, now: datetime) -> Iterator[str]:
    terms = reader.terms
    refused = agreement_rule(reader, now)
    if refused:
        yield refused
    if terms and terms.direction is Direction.GIVE:
        yield "agreement-gives-only"
    if facts.tlp is Tlp.RED:
        yield "red-arrival"
    if type_rule(facts, terms):
        yield "type"
    if terms and terms.sectors and facts.sector and facts.sector not in terms.sectors:
        yield "sector"


def _decide_for_peer(case: _Case) -> Decision:
    is_back = reads_back(case.facts.origin_id, case.reader, case.kind)
    rules = _READING_BACK if is_back else _GIVING
    spoken = [said for said in (rule(case) for rule in rules) if said]
    return _strictest(spoken, _values(case.facts, case.reader))


def _staff_rule(facts: Facts, reader: StaffReader) -> str:
    if facts.tlp is Tlp.RED:
        is_named = reader.person_id is not None and reader.person_id in facts.named
        return "red-named" if is_named else "red-not-named"
    return "staff-yes" if "content:read" in reader.permissions else "staff-role"


def _strictest(spoken: list[str], values: Mapping[str, str]) -> Decision:
    """Of equally strict rules the first, so that the same case always gives the same reason."""
    return _said(max(spoken, key=lambda rule: RULES[rule].verdict.strictness), values)


def _said(rule: str, values: Mapping[str, str]) -> Decision:
    return Decision(RULES[rule].verdict, rule, values)


def _values(facts: Facts, reader: PeerReader | None = None) -> dict[str, str]:
    values = {"tlp": facts.tlp.label, "type": facts.type, "sector": facts.sector or ""}
    if reader is None:
        return values
    terms = reader.terms
    return values | {
        "reader": reader.name,
        "agreement": terms.reference if terms else "",
        "ceiling": terms.ceiling.label if terms else "",
        "default": (terms.reads_unmarked_as if terms else Tlp.AMBER).label,
        "from": f"{terms.valid_from:%Y-%m-%d}" if terms else "",
    }
