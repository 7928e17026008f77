"""Puts values on the do-not-share list and takes them off; the facts of what names them change with it.

Feeds are made right by :mod:`cirt.release.withholding`, which is what pages call.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_rows
from cirt.kernel.work import Work
from cirt.objects.listing import Entry, end_lines, new_lines
from cirt.objects.observables.kinds import Observable
from cirt.objects.stating import state_facts
from cirt.objects.withholding import WithheldValue, hold_list, objects_naming, still_listed
from cirt.sharing.withheld.commands import LetGo, Withhold
from cirt.sharing.withheld.errors import (
    NothingTicked,
    NoValues,
    TooManyValues,
    UntilPast,
    ValuesUnread,
)
from cirt.sharing.withheld.reading import MAX_VALUES, read_values

_SHOWN = 3  # of what could not be read
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Changed:
    """How many lines, and the objects whose facts are others now."""

    lines: int
    object_ids: set[int]


def entries_of(text: str, *, below: bool) -> list[Entry]:
    """
    Raises:
        NoValues, ValuesUnread, TooManyValues.
    """
    reading = read_values(text, below=below)
    count = len(reading.entries) + len(reading.unread)
    if not count:
        raise NoValues
    if count > MAX_VALUES:
        raise TooManyValues(count=count, most=MAX_VALUES)
    if reading.unread:
        examples = ", ".join(word[:_SHORT] for word in reading.unread[:_SHOWN])
        raise ValuesUnread(count=len(reading.unread), examples=examples)
    return reading.entries


def withhold(work: Work, cmd: Withhold) -> Changed:
    """What is listed already stays as it is, but that what lies below a domain may come to count.

    Raises:
        NoValues, ValuesUnread, TooManyValues, UntilPast, NotAllowed.
    """
    work.require("withheld:write")
    if cmd.until is not None and cmd.until <= work.now:
        raise UntilPast
    entries = entries_of(cmd.text, below=cmd.below)
    work.session.flush()
    hold_list(work.session.connection())
    author = work.actor.name[:200]
    fresh, rows = new_lines(
        work.session, WithheldValue, entries, reason=cmd.reason, author=author, at=work.now
    )
    work.session.flush()  # a line may have given way
    until = {"until": cmd.until}
    insert_rows(work.session.connection(), WithheldValue, [row | until for row in rows])
    touched = objects_naming(work.session.connection(), fresh) if fresh else set()
    state_facts(work, touched, withheld=True)
    work.audit("withheld.add", "", values=len(fresh), objects=len(touched), reason=cmd.reason)
    return Changed(len(fresh), touched)


def let_go(work: Work, cmd: LetGo) -> Changed:
    """
    Raises:
        NothingTicked, NotAllowed.
    """
    work.require("withheld:write")
    if not cmd.ids:
        raise NothingTicked
    changed = _end(work, among(WithheldValue.id, cmd.ids))
    work.audit("withheld.end", "", values=changed.lines, reason=cmd.reason)
    return changed


def end_past(work: Work) -> Changed:
    """Take off what was listed until a day that is over; for a periodic job."""
    changed = _end(work, WithheldValue.until <= work.now)
    if changed.lines:
        work.audit("withheld.past", "", values=changed.lines)
    return changed


def _end(work: Work, which: sa.ColumnElement[bool]) -> Changed:
    hold_list(work.session.connection())
    author = work.actor.name[:200]
    rows = end_lines(work.session, WithheldValue, which, author=author, at=work.now)
    work.session.flush()
    if not rows:
        return Changed(0, set())
    entries = [Entry(Observable(row.kind, row.value), row.below) for row in rows]
    connection = work.session.connection()
    touched = objects_naming(connection, entries)
    free = touched - still_listed(connection, touched)
    state_facts(work, free, withheld=False)
    return Changed(len(rows), free)
