"""What can go wrong with bulk acts."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchBulk(NotFound):
    """Also for one of somebody else."""

    code = "no-such-bulk"


class NothingTicked(Invalid):
    code = "nothing-ticked"
    message = mark("Tick at least one report, then choose what to do with them.")


class TooManyTicked(Invalid):
    code = "too-many-ticked"
    message = mark("{count} reports are ticked; {limit} can be done at once. Take them in parts.")


class BulkDone(Conflict):
    code = "bulk-done"
    message = mark("This was done already. Nothing was done a second time.")


class NothingCanBeDone(Conflict):
    code = "nothing-can-be-done"
    message = mark("None of the ticked reports can be treated so any more; the list says why.")


class LeadingNotTicked(Invalid):
    code = "leading-not-ticked"
    message = mark("Choose which of the listed reports leads; the others are merged into it.")


class BulkNotUndone(Conflict):
    code = "bulk-not-undone"
    message = mark("This can no longer be undone at once. Open the reports one by one.")
