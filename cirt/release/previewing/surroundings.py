"""What the preview of a change rests on beside the change itself, as one fingerprint.

Of objects nothing: they come and go, and each is judged anew whenever it is fetched.
"""

import hashlib
import json

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.release.models import Collection, Member
from cirt.sharing.case import agreement_rule
from cirt.sharing.consent import load_consent
from cirt.sharing.queries import peer_readers


def surroundings(work: Work) -> str:
    """Another text as soon as any peer's terms hold differently, a membership or a source's permission is another."""
    session = work.session
    readers = peer_readers(session, session.scalars(sa.select(Peer.id)).all(), work.now)
    terms = sorted(
        (each.slug, each.agreement or "", agreement_rule(each, work.now) or "")
        for each in readers.values()
    )
    permits = sorted(
        (each.id, sorted(one.slug for one in readers.values() if each.holds_for(one, work.now)))
        for each in load_consent(work.connection).permits
    )
    said = json.dumps([terms, _members(session), permits])
    return hashlib.sha256(said.encode()).hexdigest()


def _members(session: Session) -> list[tuple[str, str]]:
    query = (
        sa.select(Collection.uuid, Peer.slug)
        .join(Member, Member.collection_id == Collection.id)
        .join(Peer, Peer.id == Member.peer_id)
    )
    return sorted((uuid, slug) for uuid, slug in session.execute(query))
