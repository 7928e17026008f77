"""The gate's rules once more, as SQL: for lists and counts that must not read row by row.

A property test holds these equal to ``rules.decide``, which has the last word.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts
from cirt.sharing.case import INBOX, SHARED, agreement_rule
from cirt.sharing.facts import (
    NamedReader,
    PeerReader,
    PublicReader,
    Recipient,
    StaffReader,
    Terms,
)
from cirt.sharing.giving import named_rule
from cirt.sharing.models import Direction, Level, NamedPerson
from cirt.sharing.narrow_limits import is_permitted, passed_on, policies_let
from cirt.sharing.table import named_red_rule, table_rule
from cirt.sharing.verdicts import RULES, Verdict

Condition = sa.ColumnElement[bool]
_Query = TypeVar("_Query", bound=sa.Select[*tuple[Any, ...]])
_BELOW_RED = [level for level in Tlp if level is not Tlp.RED]
_IS_OWN = sa.or_(ObjectFacts.origin_id.is_(None), ObjectFacts.vouched)


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
    if isinstance(recipient, NamedReader):
        return _for_named(recipient, kind, now, approved=approved)
    if isinstance(recipient, StaffReader):
        return visible_facts_here(recipient)
    return sa.and_(
        ObjectFacts.tlp == Tlp.CLEAR,
        ~ObjectFacts.personal,
        ~ObjectFacts.withheld,
        policies_let(now, asked=sa.false()),
    )


def visible_facts_here(recipient: StaffReader | PublicReader) -> Condition:
    """The same for those who read here, at any time; the public does not."""
    may_read = isinstance(recipient, StaffReader) and "content:read" in recipient.permissions
    return ObjectFacts.tlp.in_(_BELOW_RED) if may_read else sa.false()


def _for_peer(
    reader: PeerReader, kind: str | None, now: datetime, *, posted: bool, approved: bool
) -> Condition:
    terms = _giving_terms(reader, kind, now)
    if terms is None:
        return sa.false()
    is_posted = posted and kind == SHARED
    on_record = sa.true() if is_posted else is_permitted(reader, now)
    given = sa.and_(
        _under_ceiling(terms),
        _in_scope(terms),
        _read_as_strictly(terms),
        _undisputed(in_shared=is_posted),
        ~ObjectFacts.withheld,
        policies_let(now, asked=_asked(on_record, approved=approved)),
        _personal(terms, approved=approved or is_posted),
        sa.true() if is_posted else passed_on(terms, now),
        _in_table(terms.level, on_record, approved=approved),
    )
    if kind == SHARED:
        given = sa.or_(ObjectFacts.origin_id.is_not_distinct_from(reader.peer_id), given)
    else:
        given = sa.and_(_no_echo(reader), given)
    return sa.and_(ObjectFacts.tlp != Tlp.RED, given)


def _personal(terms: Terms, *, approved: bool) -> Condition:
    may_go = terms.personal_data and approved
    return sa.true() if may_go else ~ObjectFacts.personal


def _asked(on_record: Condition, *, approved: bool) -> Condition:
    """Of what is ours two of us are asked, which is the approval."""
    return sa.or_(on_record, ObjectFacts.origin_id.is_(None)) if approved else on_record


def _giving_terms(reader: PeerReader, kind: str | None, now: datetime) -> Terms | None:
    """Those under which something may go now; None where nothing may."""
    terms = reader.terms
    if terms is None or agreement_rule(reader, now) is not None:
        return None
    return None if terms.direction is Direction.TAKE or kind == INBOX else terms


def _for_named(
    reader: NamedReader, kind: str | None, now: datetime, *, approved: bool
) -> Condition:
    """To a person whom an agreement names, by encrypted mail: what their organisation may have, and RED."""
    terms = _giving_terms(reader.peer, kind, now)
    if terms is None or named_rule(reader, now) is not None:
        return sa.false()
    on_record = is_permitted(reader.peer, now)
    below = sa.and_(
        ObjectFacts.tlp != Tlp.RED,
        _under_ceiling(terms),
        _in_table(terms.level, on_record, approved=approved),
    )
    red = sa.and_(
        ObjectFacts.tlp == Tlp.RED,
        sa.or_(
            sa.and_(_IS_OWN, _named_red(terms.level, on_record, own=True, approved=approved)),
            sa.and_(~_IS_OWN, _named_red(terms.level, on_record, own=False, approved=approved)),
        ),
    )
    given = sa.and_(
        sa.or_(below, red),
        _in_scope(terms),
        _read_as_strictly(terms),
        ~ObjectFacts.withheld,
        policies_let(now, asked=_asked(on_record, approved=approved)),
        _personal(terms, approved=approved),
        passed_on(terms, now),
        _undisputed(in_shared=False),
    )
    return given if kind == SHARED else sa.and_(_no_echo(reader.peer), given)


def _named_red(level: Level, on_record: Condition, *, own: bool, approved: bool) -> Condition:
    verdict = RULES[named_red_rule(level, own=own)].verdict
    if verdict is Verdict.NEEDS_PERMISSION:
        return on_record
    leaving = {Verdict.YES, Verdict.NEEDS_APPROVAL} if approved else {Verdict.YES}
    return sa.true() if verdict in leaving else sa.false()


def _under_ceiling(terms: Terms) -> Condition:
    return ObjectFacts.tlp.in_([level for level in Tlp if level <= terms.ceiling])


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


def _in_table(level: Level, on_record: Condition, *, approved: bool) -> Condition:
    """``on_record``: the source has permitted it, so that "needs permission" is yes."""

    def among(own: bool, verdicts: Collection[Verdict]) -> Condition:
        cells = {tlp: RULES[table_rule(tlp, own=own, level=level)].verdict for tlp in Tlp}
        levels = [tlp for tlp, verdict in cells.items() if verdict in verdicts]
        return ObjectFacts.tlp.in_(levels) if levels else sa.false()

    leaving = {Verdict.YES, Verdict.NEEDS_APPROVAL} if approved else {Verdict.YES}
    foreign = sa.or_(
        among(own=False, verdicts=leaving),
        sa.and_(among(own=False, verdicts={Verdict.NEEDS_PERMISSION}), on_record),
    )
    return sa.or_(sa.and_(_IS_OWN, among(own=True, verdicts=leaving)), sa.and_(~_IS_OWN, foreign))


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
