"""Puts values on the warning list and takes them off; it holds from then on for all that is looked up."""

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.db import insert_rows
from cirt.kernel.work import Work
from cirt.objects.warning import WarnedValue
from cirt.register.warned.commands import Unwarn, Warn
from cirt.sharing.withheld.commands import Withhold
from cirt.sharing.withheld.errors import NothingTicked
from cirt.sharing.withheld.service import entries_of


def warn(work: Work, cmd: Warn) -> int:
    """How many lines are new. What is listed stays as it is, but that a domain may come to count with what is below.

    Raises:
        NoValues, ValuesUnread, TooManyValues, NotAllowed.
    """
    work.require("warning:write")
    entries = entries_of(Withhold(cmd.text, cmd.reason, cmd.below))
    keys = [entry.observable.key for entry in entries]
    query = sa.select(WarnedValue).where(
        WarnedValue.ended_at.is_(None), among(WarnedValue.key, keys)
    )
    listed = {row.key: row for row in work.session.scalars(query.with_for_update())}
    rows = []
    for entry in entries:
        here = listed.get(entry.observable.key)
        if here is not None and (here.below or not entry.below):
            continue
        if here is not None:
            here.ended_at, here.ended_by = work.now, work.actor.name[:200]
        rows.append(
            {
                "key": entry.observable.key,
                "kind": entry.observable.kind,
                "value": entry.observable.value,
                "prefix": entry.prefix,
                "below": entry.below,
                "reason": cmd.reason,
                "author": work.actor.name[:200],
                "added_at": work.now,
                "ended_at": None,
                "ended_by": None,
            }
        )
    work.session.flush()  # a line may have given way
    insert_rows(work.session.connection(), WarnedValue, rows)
    work.audit("warning.add", "", values=len(rows), reason=cmd.reason)
    return len(rows)


def unwarn(work: Work, cmd: Unwarn) -> int:
    """
    Raises:
        NothingTicked, NotAllowed.
    """
    work.require("warning:write")
    if not cmd.ids:
        raise NothingTicked
    query = sa.select(WarnedValue).where(
        WarnedValue.ended_at.is_(None), among(WarnedValue.id, cmd.ids)
    )
    rows = work.session.scalars(query.order_by(WarnedValue.id).with_for_update()).all()
    for row in rows:
        row.ended_at, row.ended_by = work.now, work.actor.name[:200]
    work.audit("warning.end", "", values=len(rows), reason=cmd.reason)
    return len(rows)
