"""Writes recalls down."""

from cirt.kernel.work import ActorKind, Work
from cirt.release.recalling.models import Recall, RecallKind


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
