"""``limits`` and ``consent`` once more, as SQL on ObjectFacts."""

from datetime import datetime

import sqlalchemy as sa

from cirt.kernel.clock import to_us
from cirt.kernel.tlp import Tlp
from cirt.objects.models import ObjectFacts
from cirt.objects.policies import Action
from cirt.parties.models import Peer, PeerState
from cirt.sharing.facts import PeerReader, Terms
from cirt.sharing.models import Agreement, AgreementState
from cirt.sharing.permissions.models import Permission

Condition = sa.ColumnElement[bool]


def policies_let(now: datetime, *, asked: Condition) -> Condition:
    """``asked``: where a policy wants its source to be asked, it has been."""
    facts, now_us = ObjectFacts, to_us(now)
    return sa.and_(
        sa.or_(facts.iep_start_us.is_(None), facts.iep_start_us <= now_us),
        sa.or_(facts.iep_end_us.is_(None), facts.iep_end_us > now_us),
        ~facts.iep_unnamed,
        sa.or_(
            facts.iep_actions.is_(None),
            facts.iep_actions.not_in([Action.NONE, Action.ASK]),
            sa.and_(facts.iep_actions == Action.ASK, asked),
        ),
    )


def passed_on(terms: Terms, now: datetime) -> Condition:
    """Ours, a definition, or brought by a peer whose agreement lets it go on, as the reader's does, and lets it be
    named where the bytes name a maker."""
    free = sa.or_(ObjectFacts.origin_id.is_(None), ObjectFacts.vouched, ObjectFacts.companion)
    if not terms.transit:
        return free
    granted = (
        sa.exists()
        .where(
            Agreement.peer_id == ObjectFacts.origin_id,
            Agreement.transit,
            sa.or_(Agreement.attribution, ObjectFacts.creator.is_(None)),
            Agreement.state == AgreementState.IN_FORCE,
            Agreement.valid_from <= now,
            sa.or_(Agreement.valid_until.is_(None), Agreement.valid_until > now),
            Peer.id == Agreement.peer_id,
            Peer.state != PeerState.SUSPENDED,
        )
        .correlate(ObjectFacts)
    )
    return sa.or_(free, granted)


def is_permitted(reader: PeerReader, now: datetime) -> Condition:
    """A permission on record covers it (``Permit.covers``)."""
    permit, facts = Permission, ObjectFacts
    named = sa.and_(permit.origin_id.is_(None), facts.permits.contains(_between_spaces(permit.id)))
    marked = [
        sa.and_(permit.up_to == most, facts.tlp.in_([level for level in Tlp if level <= most]))
        for most in Tlp
    ]
    return (
        sa.exists()
        .where(
            permit.ended_at.is_(None),
            permit.given_at <= now,
            sa.or_(permit.until.is_(None), permit.until > now),
            sa.or_(permit.reader_id.is_(None), permit.reader_id == reader.peer_id),
            sa.or_(*marked),
            sa.or_(named, permit.origin_id == facts.origin_id),
        )
        .correlate(ObjectFacts)
    )


def _between_spaces(number: sa.SQLColumnExpression[int]) -> sa.ColumnElement[str]:
    return sa.literal(" ") + sa.cast(number, sa.Text) + " "
