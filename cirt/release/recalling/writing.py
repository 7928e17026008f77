"""Writes recalls down, and prepares letters: each once, however often it is asked for."""

from collections.abc import Iterable

import sqlalchemy as sa

from cirt.kernel.db import insert_new
from cirt.kernel.work import ActorKind, Work
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall, RecallKind


def note_recall(
    work: Work, object_id: int, kind: RecallKind, reason: str, version_id: int | None = None
) -> Recall:
    by_person = work.actor.kind is ActorKind.PERSON
    recall = Recall(
        object_id=object_id,
        version_id=version_id,
        kind=kind,
        reason=reason,
        at=work.now,
        account_id=work.actor.id if by_person else None,
    )
    work.session.add(recall)
    work.session.flush()
    return recall


def prepare_letters(
    work: Work, recall: Recall, kind: LetterKind, peer_ids: Iterable[int], number: int = 1
) -> int:
    """How many are new; they wait for a person to send them."""
    rows = [
        {
            "recall_id": recall.id,
            "peer_id": peer_id,
            "kind": kind,
            "number": number,
            "state": LetterState.PREPARED,
            "address": "",
            "subject": "",
            "text": "",
            "prepared_at": work.now,
            "tries": 0,
            "failure": "",
        }
        for peer_id in peer_ids
    ]
    connection = work.session.connection()
    made = 0
    for row in rows:
        statement = insert_new(connection, PeerLetter, "recall_id", "peer_id", "kind", "number")
        done = connection.execute(statement.returning(PeerLetter.id), [row]).all()
        if done:
            made += 1
            facts = {"peer": row["peer_id"], "kind": kind.value, "recall": recall.id}
            work.audit("letter.prepare", f"letter-{done[0][0]}", **facts)
    return made


def drop_letters(work: Work, *conditions: sa.ColumnElement[bool]) -> int:
    """What waits for a person and is not needed any more."""
    query = sa.select(PeerLetter).where(PeerLetter.state == LetterState.PREPARED, *conditions)
    dropped = list(work.session.scalars(query.with_for_update()))
    for letter in dropped:
        letter.state = LetterState.DROPPED
        work.audit("letter.drop", f"letter-{letter.id}")
    return len(dropped)
