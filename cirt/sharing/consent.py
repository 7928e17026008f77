"""Reads what those from whom objects came have agreed to: permissions on record, and transit."""

import sqlalchemy as sa

from cirt.kernel.prepared import Prepared
from cirt.parties.models import Peer, PeerState
from cirt.sharing.facts import Consent, Grant, Permit
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
    sa.select(Agreement.peer_id, Agreement.valid_from, Agreement.valid_until)
    .join(Peer, Peer.id == Agreement.peer_id)
    .where(
        Agreement.transit,
        Agreement.state == sa.bindparam("state", type_=Agreement.state.type),
        Peer.state == sa.bindparam("peer_state", type_=Peer.state.type),
    )
)
_IN_USE = {"state": AgreementState.IN_FORCE, "peer_state": PeerState.ACTIVE}


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
