"""Letters for pages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.release.recalling.letters.words import Words, words_of
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter for pages; ``words`` are those that it would go with, or went with."""

    id: int
    recall_id: int
    kind: LetterKind
    state: LetterState
    peer: str
    slug: str
    address: str
    words: Words
    prepared_at: datetime
    sent_at: datetime | None
    failure: str


def letters_of(session: Session, *conditions: sa.ColumnElement[bool]) -> list[LetterLine]:
    """The youngest first; on PeerLetter."""
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(PeerLetter, Peer.name, Peer.slug, Recall.at, StixObject.stix_id)
        .join(Peer, Peer.id == PeerLetter.peer_id)
        .join(Recall, Recall.id == PeerLetter.recall_id)
        .join(StixObject, StixObject.id == Recall.object_id)
        .where(*conditions)
        .order_by(PeerLetter.prepared_at.desc(), PeerLetter.id.desc())
        .limit(_SHOWN)
    )
    return [_line(*row) for row in session.execute(query)]


def _line(letter: PeerLetter, name: str, slug: str, at: datetime, stix_id: str) -> LetterLine:
    words = words_of(letter.kind, stix_id, at)
    return LetterLine(
        id=letter.id,
        recall_id=letter.recall_id,
        kind=letter.kind,
        state=letter.state,
        peer=name,
        slug=slug,
        address=letter.address,
        words=Words(letter.subject or words.subject, letter.text or words.text),
        prepared_at=letter.prepared_at,
        sent_at=letter.sent_at,
        failure=letter.failure,
    )


def last_addresses(session: Session, slugs: Collection[str]) -> dict[str, str]:
    """Where a letter to each of these peers went last: offered for the next one."""
    query = (
        sa.select(Peer.slug, PeerLetter.address)
        .join(Peer, Peer.id == PeerLetter.peer_id)
        .where(Peer.slug.in_(slugs), PeerLetter.state == LetterState.SENT)
        .order_by(PeerLetter.sent_at, PeerLetter.id)
    )
    return {row.slug: row.address for row in session.execute(query)}
