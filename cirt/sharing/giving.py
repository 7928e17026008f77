"""What may go to a peer or a person of theirs: each rule is a small function that answers its id where it speaks. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from cirt.kernel.tlp import Tlp
from cirt.sharing.case import INBOX, SHARED, Case, PeerRule, agreement_rule
from cirt.sharing.facts import Facts, NamedReader, Terms
from cirt.sharing.limits import LIMITS
from cirt.sharing.models import Direction, Level
from cirt.sharing.table import named_red_rule, table_rule


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
# For RED the level decides, not the ceiling, which is never RED; nobody reads anything back by mail.
_NOT_FOR_RED: frozenset[PeerRule] = frozenset({_red, _ceiling, _table})


def peer_rules(case: Case) -> Iterator[str]:
    """All that speak of a peer. In a shared collection everybody reads back what they posted (rulings 9)."""
    is_back = case.kind == SHARED and case.facts.origin_id == case.reader.peer_id
    return _asked(_READING_BACK if is_back else _GIVING, case)


def person_rules(case: Case, reader: NamedReader) -> Iterator[str]:
    """All that speak of a named person; the case is that of their organisation."""
    is_red = case.facts.tlp is Tlp.RED
    rules = [rule for rule in _GIVING if not (is_red and rule in _NOT_FOR_RED)]
    yield from _asked(rules, case)
    if about_person := named_rule(reader, case.now):
        yield about_person
    if is_red:
        terms = case.reader.terms
        rule = named_red_rule(terms.level if terms else None, own=case.facts.is_own)
        yield "permitted" if rule == "table-permission" and case.is_on_record else rule


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


def _asked(rules: Iterable[PeerRule], case: Case) -> Iterator[str]:
    return (said for said in (rule(case) for rule in rules) if said)
