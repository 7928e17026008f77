"""Our own exchange keys: made when they are first asked for, kept sealed; and those of peers."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.exchange.carrying.errors import OwnKeyGiven, PeerKeyMissing
from cirt.exchange.carrying.models import OwnKey
from cirt.kernel.exchange_keys import PrivateKeys, PublicKeys
from cirt.kernel.inserting import insert_new
from cirt.kernel.keys import Keys
from cirt.kernel.work import Work
from cirt.parties.models import Peer

_SEAL = "exchange-key"


def own_keys(work: Work, keys: Keys) -> PrivateKeys:
    """Ours; made where there are none, also when two ask at once.

    Raises:
        SecretUnreadable: they were sealed with another secret of the installation.
    """
    session = work.session
    kept = session.get(OwnKey, 1)
    if kept is None:
        made = PrivateKeys.make()
        row = {"id": 1, "sealed": keys.seal(_SEAL, made.secret), "made_at": work.now}
        connection = session.connection()
        if connection.execute(insert_new(connection, OwnKey, "id"), [row]).rowcount:
            work.audit("exchange.key", made.public.fingerprint)
        kept = session.get_one(OwnKey, 1)
    return PrivateKeys.from_secret(keys.unseal(_SEAL, kept.sealed))


def renew_keys(work: Work, keys: Keys) -> PrivateKeys:
    """Others in their place: what is signed or sealed with the old ones is not taken any more.

    Raises:
        NotAllowed.
    """
    work.require("peer:write")
    made = PrivateKeys.make()
    work.session.execute(sa.delete(OwnKey))
    work.session.execute(
        sa.insert(OwnKey),
        [{"id": 1, "sealed": keys.seal(_SEAL, made.secret), "made_at": work.now}],
    )
    work.audit("exchange.key", made.public.fingerprint)
    return made


def keys_of(peer: Peer) -> PublicKeys:
    """
    Raises:
        PeerKeyMissing.
    """
    if peer.exchange_key is None:
        raise PeerKeyMissing(peer=peer.slug)
    return PublicKeys.parse(peer.exchange_key)


def check_not_ours(work: Work, keys: Keys, peer: Peer) -> None:
    """Else whatever we sign would be taken as the peer's.

    Raises:
        OwnKeyGiven.
    """
    if peer.exchange_key is not None and keys_of(peer) == own_keys(work, keys).public:
        raise OwnKeyGiven(peer=peer.slug)


def holder_of(session: Session, fingerprint: str) -> Peer | None:
    """The peer of which the key with this fingerprint is recorded."""
    query = sa.select(Peer).where(Peer.exchange_key.is_not(None)).order_by(Peer.id)
    return next(
        (each for each in session.scalars(query) if keys_of(each).fingerprint == fingerprint), None
    )
