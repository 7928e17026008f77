"""A person decides on one arrival: it is taken by the same door as everything else, dropped, or taken up again."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.exchange import quarantine
from cirt.exchange.arrivals import take_waiting
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.cases.commands import Decide
from cirt.exchange.cases.errors import CannotUndo, NothingKept, NotTakeable, SayWhichIsRight
from cirt.exchange.cases.kinds import Way, means
from cirt.exchange.loops.disputes import disputed_by
from cirt.exchange.models import Ending, Quarantined
from cirt.exchange.quarantine import open_arrival
from cirt.kernel.work import Work
from cirt.parties.four_eyes.errors import ReasonNeeded

UNDOABLE = timedelta(days=1)
RIGHT = "sync:run"


def take_arrival(work: Work, cmd: Decide) -> Arrival:
    """Try it anew; where its kind allows it, although its reason holds.

    What becomes of it is the answer: taken, known, or not taken all the same, with the reason of now. For another
    reason than before it waits as a row of its own.

    Raises:
        NoSuchArrival, NotTakeable, NothingKept, ReasonNeeded, NotAllowed.
    """
    work.require(RIGHT)
    row = open_arrival(work, cmd.arrival_id)
    lets = check_takeable(row.code)
    if lets and not cmd.reason.strip():
        raise ReasonNeeded
    if row.body is None:
        raise NothingKept
    [arrival] = take_waiting(work, [row], lets)
    if lets and row.settled_at is not None:
        row.note = cmd.reason
    subject = row.stix_id or row.sha256
    work.audit("quarantine.take", subject, code=row.code, outcome=arrival.outcome.value)
    return arrival


def check_takeable(code: str) -> frozenset[str]:
    """The reason that is set aside; none where what kept it out may hold no longer.

    Raises:
        NotTakeable.
    """
    known = means(code)
    if known.way is Way.NONE:
        raise NotTakeable(known.follows)
    return frozenset({code}) if known.way is Way.TAKE else frozenset()


def drop_arrival(work: Work, cmd: Decide) -> Quarantined:
    """A person has looked: it is not taken. Its bytes stay for the record; for a day it can be taken up again.

    Raises:
        NoSuchArrival, ReasonNeeded, SayWhichIsRight, NotAllowed.
    """
    work.require(RIGHT)
    row = open_arrival(work, cmd.arrival_id)
    if not cmd.reason.strip():
        raise ReasonNeeded
    found = disputed_by(work.session, row)
    if found is not None and found.is_disputed:
        raise SayWhichIsRight
    quarantine.close(work, row, Ending.DROPPED, cmd.reason)
    work.audit("quarantine.drop", row.stix_id or row.sha256, code=row.code)
    return row


def undo_drop(work: Work, arrival_id: int) -> Quarantined:
    """It waits again; what was held for a definition is tried anew, which may have come meanwhile.

    Raises:
        CannotUndo, NotAllowed.
    """
    work.require(RIGHT)
    query = (
        sa.select(Quarantined)
        .where(
            Quarantined.id == arrival_id,
            Quarantined.settled_as == Ending.DROPPED,
            Quarantined.settled_at > work.now - UNDOABLE,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise CannotUndo
    quarantine.reopen(work, row)
    work.session.flush()
    if row.waits_for and row.body is not None:
        take_waiting(work, [row])
    return row


def is_undoable(settled_as: Ending | None, settled_at: datetime | None, now: datetime) -> bool:
    if settled_as is not Ending.DROPPED or settled_at is None:
        return False
    return settled_at > now - UNDOABLE
