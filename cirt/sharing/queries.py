"""Reads agreements: as rows for pages, as terms for the rules."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.work import Actor
from cirt.parties.models import Peer, PeerState
from cirt.sharing.agreements.errors import NoSuchAgreement
from cirt.sharing.case import terms_rule
from cirt.sharing.facts import PeerReader, StaffReader, Terms
from cirt.sharing.models import Agreement, AgreementVersion

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
        ceiling_in=agreement.ceiling_in,
        personal_data=agreement.personal_data,
        attribution=agreement.attribution,
    )


def peer_reader(session: Session, peer_id: int, now: datetime) -> PeerReader:
    """This peer as the rules see it, with the agreement that is in force or comes nearest to it."""
    return peer_readers(session, [peer_id], now)[peer_id]


def peer_readers(
    session: Session, peer_ids: Iterable[int], now: datetime
) -> Mapping[int, PeerReader]:
    """The same of several, by id, in one statement; peers that do not exist are absent."""
    rows = session.execute(_READERS.where(among(Peer.id, set(peer_ids))))
    of_peer: dict[int, list[sa.Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        of_peer[row.peer_id].append(row)
    return {peer_id: reader_of(rows, now) for peer_id, rows in of_peer.items()}


def peer_reader_under(session: Session, peer_id: int, wanted: Terms, now: datetime) -> PeerReader:
    """This peer as the rules would see it if its agreement of that reference had these terms.

    Terms that begin later count as begun, in place of those of today.
    """
    rows = session.execute(_READERS.where(Peer.id == peer_id)).all()
    begun = replace(wanted, valid_from=min(wanted.valid_from, now))
    if terms_rule(begun, now) is None:
        return replace(reader_of(rows, now), terms=begun)
    others = [terms_of(row) for row in rows if row.reference not in (None, wanted.reference)]
    return replace(reader_of(rows, now), terms=_nearest([*others, begun], now))


def reader_of(rows: Sequence[sa.Row[*tuple[Any, ...]]], now: datetime) -> PeerReader:
    """A peer from its ``READER_COLUMNS``: one row for each agreement, or one without any."""
    first = rows[0]
    return PeerReader(
        peer_id=first.peer_id,
        slug=first.slug,
        name=first.name,
        identity_id=first.identity_id,
        suspended=first.peer_state is PeerState.SUSPENDED,
        terms=_nearest([terms_of(row) for row in rows if row.reference is not None], now),
    )


# On Peer with its agreements, if it has any.
READER_COLUMNS = (
    Peer.id.label("peer_id"),
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
    Agreement.ceiling_in,
    Agreement.personal_data,
    Agreement.attribution,
)
_READERS = sa.select(*READER_COLUMNS).outerjoin(Agreement, Agreement.peer_id == Peer.id)


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
