"""Prepares letters, each once, however often it is asked for; and drops those that are not needed."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.inserting import insert_new
from cirt.kernel.work import Work
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall

PENDING = (LetterState.PREPARED, LetterState.QUEUED)


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


def reminders(session: Session, recall_id: int, peer_id: int) -> list[PeerLetter]:
    """The oldest first."""
    query = sa.select(PeerLetter).where(
        PeerLetter.recall_id == recall_id,
        PeerLetter.peer_id == peer_id,
        PeerLetter.kind == LetterKind.REMINDER,
    )
    query = query.order_by(PeerLetter.number).execution_options(populate_existing=True)
    return list(session.scalars(query))


def lock_recall(session: Session, recall_id: int) -> None:
    """Two who prepare letters about one recall follow one another."""
    session.execute(sa.select(Recall.id).where(Recall.id == recall_id).with_for_update()).all()
