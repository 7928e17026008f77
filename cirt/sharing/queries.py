"""Reads agreements: as rows for pages, as terms for the rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Actor
from cirt.parties.models import Peer, PeerState
from cirt.sharing.errors import NoSuchAgreement
from cirt.sharing.facts import PeerReader, StaffReader, Terms
from cirt.sharing.models import Agreement, AgreementVersion
from cirt.sharing.rules import terms_rule

# Of several agreements with a peer, the one that says most about today.
_NEAREST = (None, "agreement-suspended", "agreement-not-yet", "agreement-draft", "agreement-ended")


def find_agreement(session: Session, reference: str) -> Agreement:
    """
    Raises:
        NoSuchAgreement.
    """
    query = sa.select(Agreement).where(Agreement.reference == reference)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NoSuchAgreement(reference=reference[:20])
    return found


def agreements(session: Session, peer: str | None = None) -> list[tuple[Agreement, Peer]]:
    """All, or those with one peer, given by its slug; by peer, the youngest first."""
    query = sa.select(Agreement, Peer).join(Peer, Peer.id == Agreement.peer_id)
    if peer is not None:
        query = query.where(Peer.slug == peer)
    rows = session.execute(query.order_by(Peer.name, Agreement.valid_from.desc(), Agreement.id))
    return [(row[0], row[1]) for row in rows]


def history(session: Session, agreement_id: int) -> list[AgreementVersion]:
    query = sa.select(AgreementVersion).where(AgreementVersion.agreement_id == agreement_id)
    return list(session.scalars(query.order_by(AgreementVersion.version)))


def terms_of(agreement: Agreement | sa.Row[*tuple[Any, ...]]) -> Terms:
    return Terms(
        reference=agreement.reference,
        version=agreement.version,
        state=agreement.state,
        level=agreement.level,
        ceiling=agreement.ceiling,
        default_tlp=agreement.default_tlp,
        direction=agreement.direction,
        valid_from=agreement.valid_from,
        valid_until=agreement.valid_until,
        types=frozenset(agreement.types),
        sectors=frozenset(agreement.sectors),
        transit=agreement.transit,
    )


def agreement_in_force(session: Session, peer_id: int, now: datetime) -> Terms | None:
    """The terms that hold between us and this peer; None where there are none or it is suspended."""
    reader = peer_reader(session, peer_id, now)
    return None if reader.suspended or terms_rule(reader.terms, now) else reader.terms


def peer_reader(session: Session, peer_id: int, now: datetime) -> PeerReader:
    """This peer as the rules see it, with the agreement that is in force or comes nearest to it."""
    return peer_readers(session, [peer_id], now)[peer_id]


def peer_readers(
    session: Session, peer_ids: Iterable[int], now: datetime
) -> Mapping[int, PeerReader]:
    rows = session.execute(_READERS.where(among(Peer.id, set(peer_ids)))).all()
    terms: dict[int, list[Terms]] = {row.id: [] for row in rows}
    for row in rows:
        if row.reference is not None:
            terms[row.id].append(terms_of(row))
    return {
        row.id: PeerReader(
            peer_id=row.id,
            slug=row.slug,
            name=row.name,
            identity_id=row.identity_id,
            suspended=row.peer_state is PeerState.SUSPENDED,
            terms=_nearest(terms[row.id], now),
        )
        for row in rows
    }


_READERS = sa.select(
    Peer.id,
    Peer.slug,
    Peer.name,
    Peer.identity_id,
    Peer.state.label("peer_state"),
    Agreement.reference,
    Agreement.version,
    Agreement.state,
    Agreement.level,
    Agreement.ceiling,
    Agreement.default_tlp,
    Agreement.direction,
    Agreement.valid_from,
    Agreement.valid_until,
    Agreement.types,
    Agreement.sectors,
    Agreement.transit,
).outerjoin(Agreement, Agreement.peer_id == Peer.id)


def _nearest(candidates: list[Terms], now: datetime) -> Terms | None:
    def distance(terms: Terms) -> tuple[int, float]:
        return _NEAREST.index(terms_rule(terms, now)), -terms.valid_from.timestamp()

    return min(candidates, key=distance, default=None)


def staff_reader(actor: Actor) -> StaffReader:
    """Somebody of the team, or the console, which reads content but is nobody that can be named."""
    permissions = actor.permissions
    if actor.may("content:read"):
        permissions |= {"content:read"}
    return StaffReader(actor.person_id, permissions)
