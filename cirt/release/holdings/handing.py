"""Writes down what goes to a peer by another way than a page of its feed; for every exit that does so."""

from collections.abc import Sequence

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_rows
from cirt.kernel.work import ActorKind, Work
from cirt.objects.models import ObjectVersion
from cirt.release.holdings.models import Exit, HandedOut
from cirt.sharing.models import Agreement
from cirt.sharing.queries import peer_reader


def note_handed_out(
    work: Work,
    exit: Exit,  # noqa: A002 - the word of the ledger
    peer_id: int,
    version_ids: Sequence[int],
    *,
    person: str | None = None,
    reference: str | None = None,
    agreement: str | None = None,
) -> None:
    """In the transaction in which it leaves, or in one before that.

    ``person`` is the one of theirs to whom it went, ``reference`` our release, ``agreement`` the terms under which it
    went (``MOU-2026-0001 v2``), if not those of this moment.
    """
    agreement = agreement or peer_reader(work.session, peer_id, work.now).agreement
    query = sa.select(ObjectVersion.id, ObjectVersion.object_id, ObjectVersion.facts_id)
    found = work.session.execute(query.where(among(ObjectVersion.id, version_ids))).all()
    by_person = work.actor.kind is ActorKind.PERSON
    same = {
        "peer_id": peer_id,
        "exit": exit,
        "at": work.now,
        "agreement": agreement,
        "agreement_id": work.session.scalar(
            sa.select(Agreement.id).where(
                Agreement.reference == (agreement or "").partition(" ")[0]
            )
        ),
        "account_id": work.actor.id if by_person else None,
        "person": person,
        "reference": reference,
    }
    rows = [
        {"version_id": row.id, "object_id": row.object_id, "facts_id": row.facts_id, **same}
        for row in found
    ]
    insert_rows(work.session.connection(), HandedOut, rows)


def note_once(
    work: Work,
    exit: Exit,  # noqa: A002 - the word of the ledger
    peer_id: int,
    version_ids: Sequence[int],
) -> int:
    """The same of those that have not gone to this peer on this way before; how many."""
    objects = sa.select(ObjectVersion.object_id).where(among(ObjectVersion.id, version_ids))
    query = sa.select(HandedOut.version_id).where(
        HandedOut.peer_id == peer_id, HandedOut.exit == exit, HandedOut.object_id.in_(objects)
    )
    known = set(work.session.scalars(query))
    new = [each for each in version_ids if each not in known]
    if new:
        note_handed_out(work, exit, peer_id, new)
    return len(new)
