"""What can go wrong with links."""

from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.text import mark


class LinkToItself(Invalid):
    code = "link-to-itself"
    message = mark("{reference} cannot be linked to itself. Enter another reference.")


class LinkUnknown(Invalid):
    code = "link-unknown"
    message = mark(
        "Enter the reference of an incident or a report, like INC-2026-0042; this is {to}."
    )


class LinkedByDecision(Conflict):
    code = "linked-by-decision"
    message = mark(
        "{reference} is on {to} by a decision. Undo the decision, or leave the report where it is."
    )


class NotDecidedYet(Conflict):
    code = "not-decided-yet"
    message = mark(
        "{reference} is on no incident yet. Accept it or add it first; then it can go to more incidents."
    )


class AlreadyOnIncident(Conflict):
    code = "already-on-incident"
    message = mark("{reference} is on {incident} already.")


class UndoneByMerge(Conflict):
    code = "undone-by-merge"
    message = mark(
        "{incident} was merged into another incident since, so the decision on {reference} stays. Undo that merge "
        "first."
    )


class UndoneByClosing(Conflict):
    code = "undone-by-closing"
    message = mark(
        "{incident} was closed since, so the decision on {reference} stays. Open {incident} again if there is more "
        "to do."
    )


class UndoneByOthers(Conflict):
    """Somebody whose work is not for the asker to see; of it, nothing more is said."""

    code = "undone-by-others"
    message = mark(
        "Somebody has worked on what the decision on {reference} led to, so it stays. Ask a lead to look at it."
    )
