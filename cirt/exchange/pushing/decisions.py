"""What a peer decides later of what it was sent: its status is asked for until it is complete (TAXII 2.1, section 4.3).

A row of the outbox keeps the status id as long as the peer has not said what became of it.
"""

from datetime import timedelta

import sqlalchemy as sa

from cirt.exchange import trouble
from cirt.exchange.models import Outgoing, Run
from cirt.exchange.remote.collections import RemoteCollection
from cirt.exchange.remote.replies import Reply
from cirt.exchange.runs import Running
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.models import ObjectVersion, StixObject

_POLLS = 5  # of a status in one run, after 2, 4, 8, 16 and 32 seconds; the next run goes on
_KEPT = timedelta(hours=24)  # by a server, of a status; who says nothing until then has taken it
_MOST = 20  # statuses asked for in one run
_UNSAID = (  # what a server says that does not tell us, though we may speak with it
    trouble.PeerFailed,
    trouble.RequestRefused,
    trouble.Forbidden,
    trouble.Redirected,
    trouble.AnswerWrong,
    trouble.NotJson,
    trouble.ContentTypeWrong,
    trouble.PageTooLong,
    trouble.DocumentTooLarge,
)


def undecided(work: Work, link_id: int) -> list[str]:
    """The status ids that are still open, oldest first; those beyond their day are closed."""
    open_rows = Outgoing.link_id == link_id, Outgoing.status_id.is_not(None)
    old = sa.update(Outgoing).where(*open_rows, Outgoing.sent_at < work.now - _KEPT)
    work.session.execute(old.values(status_id=None))
    query = sa.select(Outgoing.status_id).where(*open_rows).group_by(Outgoing.status_id)
    found = work.session.scalars(query.order_by(sa.func.min(Outgoing.id)).limit(_MOST))
    return [status_id for status_id in found if status_id is not None]


def ask(running: Running, collection: RemoteCollection) -> None:
    """Ask for every open status, with pauses that grow. That one cannot be asked for is no fault of what was sent."""
    for turn in range(_POLLS):
        with running.program.work(SYSTEM) as work:
            waiting = undecided(work, running.link_id)
        if not waiting:
            return
        running.program.clock.sleep(2.0 ** (turn + 1))
        for status_id in waiting:
            try:
                reply = collection.status(status_id)
            except _UNSAID:
                continue
            _account(running, status_id, reply)


def _account(running: Running, status_id: str, reply: Reply) -> None:
    """A refusal that comes after the run of the sending counts in the run that hears of it."""
    if not reply.is_complete and not reply.refusals:
        return
    with running.program.work(SYSTEM) as work:
        refused = 0
        query = (
            sa.select(Outgoing, StixObject.stix_id, ObjectVersion.version_text)
            .join(ObjectVersion, ObjectVersion.id == Outgoing.version_id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(Outgoing.link_id == running.link_id, Outgoing.status_id == status_id)
        )
        for row, stix_id, version_text in work.session.execute(query).all():
            row.failure = reply.refusal_of(stix_id, version_text)
            if row.failure:
                row.sent_at, row.refused_at, refused = None, work.now, refused + 1
            if row.failure or reply.is_complete:
                row.status_id = None
        run = work.session.get_one(Run, running.run_id)
        run.refused += refused
        moved = min(refused, run.taken)
        run.taken -= moved
        run.offered += refused - moved
        if refused:
            work.audit("push.refused", str(running.link_id), run=running.run_id, count=refused)
