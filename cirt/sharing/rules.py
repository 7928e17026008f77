"""The gate's rules: facts and a recipient in, a decision out. Pure, no clock, no database.

The strictest of the rules that speak wins; none stops the others. Those for peers and their persons are in
``giving``, those that only narrow in ``limits``; ``narrow`` states the same in SQL.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from cirt.kernel.clock import from_us
from cirt.kernel.tlp import Tlp
from cirt.sharing.case import Case, agreement_rule
from cirt.sharing.facts import (
    NO_CONSENT,
    Consent,
    Facts,
    NamedReader,
    PeerReader,
    Recipient,
    StaffReader,
)
from cirt.sharing.giving import peer_rules, person_rules, type_rule
from cirt.sharing.limits import public_limits
from cirt.sharing.models import Direction
from cirt.sharing.verdicts import RULES, Decision


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
        return list(peer_rules(case))
    if isinstance(recipient, NamedReader):
        case = Case(facts, recipient.peer, kind, False, now, consent)
        return list(person_rules(case, recipient))
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

    The sentence does not name what is RED.
    """
    shown = Tlp.RED.label if facts.tlp is Tlp.RED else end
    return _said(rule, {"reader": "", **_values(facts, recipient), "end": shown})


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
