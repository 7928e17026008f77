"""Why somebody may or may not have one version: every rule that speaks."""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.sharing.facts import PeerReader, Recipient
from cirt.sharing.judging import Question, every_word
from cirt.sharing.queries import peer_readers
from cirt.sharing.standing import load
from cirt.sharing.verdicts import Decision


@dataclass(frozen=True, slots=True)
class Explained:
    """``decision`` is the gate's answer; ``others`` are the rules that spoke beside it, the strictest first."""

    reader: PeerReader
    decision: Decision
    others: list[Decision]


def explain(
    work: Work, version_id: int, recipient: Recipient, kind: str | None = None
) -> list[Decision]:
    """What every rule says that speaks, the strictest first, which is what the gate answers."""
    loaded = load(work.connection, [version_id])
    return every_word(loaded, Question(recipient, kind, work.now))


def explain_to_peers(work: Work, version_id: int) -> list[Explained]:
    """For every peer, by name, were it released to them."""
    loaded = load(work.connection, [version_id])
    peer_ids = work.session.scalars(sa.select(Peer.id)).all()
    readers = peer_readers(work.session, peer_ids, work.now).values()
    found = []
    for reader in sorted(readers, key=lambda each: each.name.casefold()):
        said = every_word(loaded, Question(reader, None, work.now))
        if said:
            found.append(Explained(reader, said[0], said[1:]))
    return found
