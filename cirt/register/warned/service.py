"""Puts values on the warning list and takes them off; it holds from then on for all that is looked up."""

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_rows
from cirt.kernel.work import Work
from cirt.objects.listing import end_lines, new_lines
from cirt.objects.warning import WarnedValue, hold_list
from cirt.register.warned.commands import Unwarn, Warn
from cirt.sharing.withheld.errors import NothingTicked
from cirt.sharing.withheld.service import entries_of


def warn(work: Work, cmd: Warn) -> int:
    """How many lines are new. What is listed stays as it is, but that a domain may come to count with what is below.

    Raises:
        NoValues, ValuesUnread, TooManyValues, NotAllowed.
    """
    work.require("warning:write")
    entries = entries_of(cmd.text, below=cmd.below)
    author = work.actor.name[:200]
    hold_list(work.session.connection())
    _, rows = new_lines(
        work.session, WarnedValue, entries, reason=cmd.reason, author=author, at=work.now
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
    which, author = among(WarnedValue.id, cmd.ids), work.actor.name[:200]
    rows = end_lines(work.session, WarnedValue, which, author=author, at=work.now)
    work.audit("warning.end", "", values=len(rows), reason=cmd.reason)
    return len(rows)
