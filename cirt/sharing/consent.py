"""Reads what those from whom objects came have agreed to: permissions on record, and transit."""

from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from cirt.kernel.clock import to_us
from cirt.kernel.prepared import Prepared
from cirt.objects.models import ObjectFacts
from cirt.parties.models import Peer, PeerState
from cirt.sharing.facts import Consent, Grant, PeerReader, Permit
from cirt.sharing.models import Agreement, AgreementState
from cirt.sharing.permissions.models import Audience, Permission

_PERMITS = Prepared(
    sa.select(
        Permission.id,
        Permission.origin_id,
        Permission.up_to,
        Permission.audience,
        Permission.reader_id,
        Permission.given_at,
        Permission.until,
    ).where(Permission.ended_at.is_(None))
)
_GRANTS = Prepared(
    sa.select(Agreement.peer_id, Agreement.valid_from, Agreement.valid_until, Agreement.attribution)
    .join(Peer, Peer.id == Agreement.peer_id)
    .where(
        Agreement.transit,
        Agreement.state == sa.bindparam("state", type_=Agreement.state.type),
        Peer.state == sa.bindparam("peer_state", type_=Peer.state.type),
    )
)
_IN_USE = {"state": AgreementState.IN_FORCE, "peer_state": PeerState.ACTIVE}


_TIMED = sa.or_(ObjectFacts.iep_start_us.is_not(None), ObjectFacts.iep_end_us.is_not(None))


def consent_key(connection: sa.Connection, reader: PeerReader, now: datetime) -> str:
    """Changes when a permission, somebody's transit or a policy of a source begins or ends for this reader.

    Empty where there is nothing of the kind.
    """
    consent, now_us = load_consent(connection), to_us(now)
    permits = [each.id for each in consent.permits if each.holds_for(reader, now)]
    passing = {each.peer_id for each in consent.grants if each.holds(now)}
    on = sorted(passing - {reader.peer_id}) if reader.terms and reader.terms.transit else []
    moments = sa.select(ObjectFacts.iep_start_us, ObjectFacts.iep_end_us).where(_TIMED)
    past = [
        us for row in connection.execute(moments) for us in row if us is not None and us <= now_us
    ]
    if not (permits or on or past):
        return ""
    unnamed = [each for each in on if not consent.may_name(each, now)]
    said = repr((sorted(permits), on, max(past, default=0), *unnamed))
    return sha256(said.encode()).hexdigest()[:8]


def load_consent(connection: sa.Connection) -> Consent:
    """Whatever the time: each has its own beginning and end, of which the rules judge."""
    permits = [
        Permit(
            row.id,
            row.origin_id,
            row.up_to,
            row.reader_id if row.audience is Audience.PEER else None,
            row.given_at,
            row.until,
        )
        for row in _PERMITS.rows(connection, {})
    ]
    grants = tuple(Grant(*row) for row in _GRANTS.rows(connection, _IN_USE))
    return Consent(tuple(permits), grants)


def consent_under(consent: Consent, peer: PeerReader) -> Consent:
    """What the sources would have agreed to if these were this peer's terms."""
    terms = peer.terms
    grants = [each for each in consent.grants if each.peer_id != peer.peer_id]
    is_in_use = terms is not None and terms.state is AgreementState.IN_FORCE and not peer.suspended
    if terms is not None and terms.transit and is_in_use:
        grants.append(Grant(peer.peer_id, terms.valid_from, terms.valid_until, terms.attribution))
    return Consent(consent.permits, tuple(grants))
