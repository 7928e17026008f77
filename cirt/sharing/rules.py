"""The gate's rules: facts and a recipient in, a decision out. Pure, no clock, no database.

Each rule is a small function that answers the id of its sentence, or nothing where it does not speak. The
strictest of those that speak wins; none stops the others. ``narrow`` states the same in SQL.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.sharing.case import INBOX, SHARED, Case, PeerRule, agreement_rule, terms_rule
from cirt.sharing.facts import (
    NO_CONSENT,
    Consent,
    Facts,
    NamedReader,
    PeerReader,
    PublicReader,
    Recipient,
    StaffReader,
    Terms,
)
from cirt.sharing.limits import LIMITS, public_limits
from cirt.sharing.models import Direction, Level
from cirt.sharing.verdicts import RULES, Decision, Rule, Verdict

__all__ = [
    "INBOX",
    "RULES",
    "SHARED",
    "Decision",
    "Facts",
    "NamedReader",
    "PeerReader",
    "PublicReader",
    "Recipient",
    "Rule",
    "StaffReader",
    "Terms",
    "Verdict",
    "agreement_rule",
    "decide",
    "decide_all",
    "decide_arrival",
    "decide_recall",
    "end_withheld",
    "stricter",
    "terms_rule",
]

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


def _in_force(case: Case) -> str | None:
    return agreement_rule(case.reader, case.now)


def _gives(case: Case) -> str | None:
    terms = case.reader.terms
    return "agreement-takes-only" if terms and terms.direction is Direction.TAKE else None


def _inbox(case: Case) -> str | None:
    return "inbox" if case.kind == INBOX else None


def _red(case: Case) -> str | None:
    return "red-to-organisations" if case.facts.tlp is Tlp.RED else None


def _disputed(case: Case) -> str | None:
    """What a peer posted in a shared collection stands there by its own word, not by ours."""
    return "version-conflict" if case.facts.disputed and not case.is_posted_here else None


def _ceiling(case: Case) -> str | None:
    terms = case.reader.terms
    return "ceiling" if terms and case.facts.tlp > terms.ceiling else None


def _type(case: Case) -> str | None:
    return type_rule(case.facts, case.reader.terms)


def type_rule(facts: Facts, terms: Terms | None) -> str | None:
    if terms is None or not terms.types or facts.companion or facts.type in terms.types:
        return None
    return "type"


def _sector(case: Case) -> str | None:
    terms, facts = case.reader.terms, case.facts
    if terms is None or not terms.sectors or facts.companion:
        return None
    if facts.sector is None:
        return "sector-unknown"
    return None if facts.sector in terms.sectors else "sector"


def _default_marking(case: Case) -> str | None:
    terms, facts = case.reader.terms, case.facts
    if terms is None or facts.written_tlp is not None:
        return None
    return "default-marking" if terms.reads_unmarked_as < facts.tlp else None


def _echo_bringer(case: Case) -> str | None:
    came_from_reader = case.facts.origin_id == case.reader.peer_id
    return "echo-bringer" if came_from_reader and case.kind != SHARED else None


def _echo_creator(case: Case) -> str | None:
    facts, identity = case.facts, case.reader.identity_id
    if case.kind == SHARED or identity is None:
        return None
    return "echo-creator" if facts.creator == identity else None


def _table(case: Case) -> str | None:
    facts, terms = case.facts, case.reader.terms
    rule = table_rule(facts.tlp, own=facts.is_own, level=terms.level if terms else Level.TLP_ACK)
    if rule != "table-permission":
        return rule
    if case.is_posted_here:
        return "table-yes"
    return "permitted" if case.is_on_record else rule


def _read_back(case: Case) -> str | None:
    return "read-back"


# In order of what is said first where several are equally strict.
_ALWAYS: tuple[PeerRule, ...] = (_in_force, _gives, _inbox, _red)
_GIVING: tuple[PeerRule, ...] = (
    *_ALWAYS,
    _echo_bringer,
    _echo_creator,
    _disputed,
    _ceiling,
    _type,
    _sector,
    _default_marking,
    *LIMITS,
    _table,
)
_READING_BACK: tuple[PeerRule, ...] = (*_ALWAYS, _read_back)


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
    consent: Consent = NO_CONSENT,
) -> Decision:
    """May this go to that recipient?

    ``kind`` is that of the collection it stands in. ``posted`` says that a peer put it there, by which it
    permits the members of a shared collection to have it, within its marking. ``consent`` is what the sources of
    foreign objects have agreed to.
    """
    spoken = _spoken(facts, recipient, kind, now, posted=posted, consent=consent)
    return _strictest(spoken, _values(facts, recipient))


def decide_all(
    facts: Facts,
    recipient: Recipient,
    kind: str | None,
    now: datetime,
    *,
    posted: bool = False,
    consent: Consent = NO_CONSENT,
) -> list[Decision]:
    """What every rule that speaks says, the strictest first; that one is what ``decide`` answers."""
    spoken = _spoken(facts, recipient, kind, now, posted=posted, consent=consent)
    values = _values(facts, recipient)
    said = [_said(rule, values) for rule in spoken]
    return sorted(said, key=lambda each: -each.verdict.strictness)


def _spoken(
    facts: Facts,
    recipient: Recipient,
    kind: str | None,
    now: datetime,
    *,
    posted: bool,
    consent: Consent,
) -> list[str]:
    if isinstance(recipient, PeerReader):
        case = Case(facts, recipient, kind, posted, now, consent)
        is_back = reads_back(facts.origin_id, recipient, kind)
        rules = _READING_BACK if is_back else _GIVING
        return [said for said in (rule(case) for rule in rules) if said]
    if isinstance(recipient, NamedReader):
        case = Case(facts, recipient.peer, kind, False, now, consent)
        return list(_named_rules(case, recipient))
    if isinstance(recipient, StaffReader):
        return [_staff_rule(facts, recipient)]
    table = "public-yes" if facts.tlp is Tlp.CLEAR else "public-no"
    return [*public_limits(facts, now), table]


def decide_recall(facts: Facts, reader: PeerReader, now: datetime, *, had_it: bool) -> Decision:
    """A bare revocation passes over marking and scope, to those who had the object (rulings 16)."""
    spoken = [agreement_rule(reader, now), "recall" if had_it else "never-had-it"]
    return _strictest([said for said in spoken if said], _values(facts, reader))


def end_withheld(
    end: str, facts: Facts, recipient: Recipient, rule: str = "end-withheld"
) -> Decision:
    """A relationship or sighting stays where an end may not go (sharing digest, section 5); a report where what it
    is about may not, and everything where its maker may not be known.

    ``end`` is for the sentence, which does not name what is RED; ``end_id`` is for rules.
    """
    shown = Tlp.RED.label if facts.tlp is Tlp.RED else end
    return _said(rule, {"reader": "", **_values(facts, recipient), "end": shown, "end_id": end})


def stricter(one: Decision, other: Decision) -> Decision:
    """Of equally strict ones the first."""
    return other if other.verdict.strictness > one.verdict.strictness else one


def decide_arrival(facts: Facts, reader: PeerReader, now: datetime) -> Decision:
    """May this peer send us that? ``ceiling`` limits what we give, ``ceiling_in`` what we take.

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
    if terms and not facts.companion and facts.tlp > terms.ceiling_in:
        yield "ceiling-in"
    if type_rule(facts, terms):
        yield "type"
    if terms and terms.sectors and facts.sector and facts.sector not in terms.sectors:
        yield "sector"


def named_rule(reader: NamedReader, now: datetime) -> str | None:
    """Why nothing can go to this person at all, whatever it is; None if it can."""
    terms = reader.peer.terms
    if reader.removed:
        return "named-removed"
    if terms is None or terms.reference != reader.named_in:
        return "named-elsewhere"
    if not reader.key:
        return "named-no-key"
    return "named-key-old" if reader.key_until is not None and now >= reader.key_until else None


def named_red_rule(level: Level | None, *, own: bool) -> str:
    """The cell of the decision table for TLP:RED to a named person of a peer at this level."""
    if own:
        return "named-two" if level is Level.MOU_NDA else "named-level"
    return table_rule(Tlp.RED, own=False, level=level or Level.TLP_ACK)


# For RED the level decides, not the ceiling, which is never RED; nobody reads anything back by mail.
_NOT_FOR_RED: frozenset[PeerRule] = frozenset({_red, _ceiling, _table})


def _named_rules(case: Case, reader: NamedReader) -> Iterator[str]:
    is_red = case.facts.tlp is Tlp.RED
    rules = [rule for rule in _GIVING if not (is_red and rule in _NOT_FOR_RED)]
    yield from (said for said in (rule(case) for rule in rules) if said)
    if about_person := named_rule(reader, case.now):
        yield about_person
    if is_red:
        terms = case.reader.terms
        rule = named_red_rule(terms.level if terms else None, own=case.facts.is_own)
        yield "permitted" if rule == "table-permission" and case.is_on_record else rule


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


def _values(facts: Facts, recipient: Recipient) -> dict[str, str]:
    values = {"tlp": facts.tlp.label, "type": facts.type, "sector": facts.sector or ""}
    iep = facts.iep
    if iep.start_us is not None:
        values["begins"] = _day(iep.start_us)
    if iep.end_us is not None:
        values["ends"] = _day(iep.end_us)
    if isinstance(recipient, NamedReader):
        values |= {"person": recipient.name, "named_in": recipient.named_in}
    reader = recipient.peer if isinstance(recipient, NamedReader) else recipient
    if not isinstance(reader, PeerReader):
        return values
    terms = reader.terms
    return values | {
        "reader": reader.name,
        "agreement": terms.reference if terms else "",
        "ceiling": terms.ceiling.label if terms else "",
        "ceiling_in": terms.ceiling_in.label if terms else "",
        "default": (terms.reads_unmarked_as if terms else Tlp.AMBER).label,
        "from": f"{terms.valid_from:%Y-%m-%d}" if terms else "",
    }


def _day(moment_us: int) -> str:
    try:
        return f"{from_us(moment_us):%Y-%m-%d}"
    except (ValueError, OverflowError):
        return "?"
