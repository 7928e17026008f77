"""The gate's rules once more, as SQL: for lists and counts that must not read row by row.

A property test holds these equal to ``rules.decide``, which has the last word.
"""

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts
from cirt.sharing.facts import PeerReader, PublicReader, Recipient, StaffReader, Terms
from cirt.sharing.models import Direction, Level, NamedPerson
from cirt.sharing.rules import INBOX, SHARED, agreement_rule, table_rule
from cirt.sharing.verdicts import RULES, Decision

Condition = sa.ColumnElement[bool]
_Query = TypeVar("_Query", bound=sa.Select[*tuple[Any, ...]])
_BELOW_RED = [level for level in Tlp if level is not Tlp.RED]


def visible_facts(
    recipient: Recipient,
    kind: str | None,
    now: datetime,
    *,
    posted: bool = False,
    approved: bool = True,
) -> Condition:
    """On ObjectFacts: what ``decide`` lets leave for this recipient (``Decision.lets_leave``)."""
    if isinstance(recipient, PeerReader):
        return _for_peer(recipient, kind, now, posted=posted, approved=approved)
    return visible_facts_here(recipient)


def visible_facts_here(recipient: StaffReader | PublicReader) -> Condition:
    """The same for those who read here, at any time."""
    if isinstance(recipient, StaffReader):
        may_read = "content:read" in recipient.permissions
        return ObjectFacts.tlp.in_(_BELOW_RED) if may_read else sa.false()
    return ObjectFacts.tlp == Tlp.CLEAR


def _for_peer(
    reader: PeerReader, kind: str | None, now: datetime, *, posted: bool, approved: bool
) -> Condition:
    terms = reader.terms
    if terms is None or agreement_rule(reader, now) is not None:
        return sa.false()
    if terms.direction is Direction.TAKE or kind == INBOX:
        return sa.false()
    given = sa.and_(
        ObjectFacts.tlp.in_([level for level in Tlp if level <= terms.ceiling]),
        _in_scope(terms),
        _read_as_strictly(terms),
        _undisputed(in_shared=posted and kind == SHARED),
        _in_table(terms.level, permitted=posted and kind == SHARED, approved=approved),
    )
    if kind == SHARED:
        given = sa.or_(ObjectFacts.origin_id.is_not_distinct_from(reader.peer_id), given)
    else:
        given = sa.and_(_no_echo(reader), given)
    return sa.and_(ObjectFacts.tlp != Tlp.RED, given)


def _in_scope(terms: Terms) -> Condition:
    fits: list[Condition] = []
    if terms.types:
        fits.append(ObjectFacts.type.in_(sorted(terms.types)))
    if terms.sectors:
        is_stated = ObjectFacts.sector.is_not(None)
        fits.append(sa.and_(is_stated, ObjectFacts.sector.in_(sorted(terms.sectors))))
    return sa.or_(ObjectFacts.companion, sa.and_(sa.true(), *fits))


def _read_as_strictly(terms: Terms) -> Condition:
    read_as = [level for level in Tlp if level <= terms.reads_unmarked_as]
    return sa.or_(ObjectFacts.written_tlp.is_not(None), ObjectFacts.tlp.in_(read_as))


def _no_echo(reader: PeerReader) -> Condition:
    not_bringer = ObjectFacts.origin_id.is_distinct_from(reader.peer_id)
    if reader.identity_id is None:
        return not_bringer
    return sa.and_(not_bringer, ObjectFacts.creator.is_distinct_from(reader.identity_id))


def _undisputed(*, in_shared: bool) -> Condition:
    return sa.true() if in_shared else ObjectFacts.disputed.is_(False)


def _in_table(level: Level, *, permitted: bool, approved: bool) -> Condition:
    def leaving(own: bool) -> list[Tlp]:
        return [
            tlp
            for tlp in Tlp
            if _cell(tlp, own=own, level=level, permitted=permitted).lets_leave(approved=approved)
        ]

    is_own = sa.or_(ObjectFacts.origin_id.is_(None), ObjectFacts.vouched)
    return sa.or_(
        sa.and_(is_own, ObjectFacts.tlp.in_(leaving(own=True))),
        sa.and_(~is_own, ObjectFacts.tlp.in_(leaving(own=False))),
    )


def _cell(tlp: Tlp, *, own: bool, level: Level, permitted: bool) -> Decision:
    rule = table_rule(tlp, own=own, level=level)
    if permitted and rule == "table-permission":
        rule = "table-yes"
    return Decision(RULES[rule].verdict, rule)


def may_see(
    tlp: sa.SQLColumnExpression[Tlp], subject: sa.SQLColumnExpression[str], recipient: Recipient
) -> Condition:
    """On a marked row of the register: RED for the persons named on it, the rest for those who read content.

    ``subject`` is the name under which persons are named on it: REP-…, INC-…, note-7.
    """
    if not isinstance(recipient, StaffReader):
        return sa.false()
    shown: list[Condition] = []
    if "content:read" in recipient.permissions:
        shown.append(tlp != Tlp.RED)
    if recipient.person_id is not None:
        named = sa.exists().where(
            NamedPerson.subject == subject, NamedPerson.person_id == recipient.person_id
        )
        shown.append(sa.and_(tlp == Tlp.RED, named))
    return sa.or_(sa.false(), *shown)


def visible(
    query: _Query,
    tlp: sa.SQLColumnExpression[Tlp],
    subject: sa.SQLColumnExpression[str],
    recipient: Recipient,
) -> _Query:
    """The rows of ``query`` that this recipient may see."""
    return query.where(may_see(tlp, subject, recipient))
