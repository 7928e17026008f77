"""What can go wrong with merges."""

from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.text import mark


class MergeWithItself(Invalid):
    code = "merge-with-itself"
    message = mark("{reference} cannot be merged into itself. Enter the reference of another one.")


class MergeNeedsReason(Invalid):
    code = "merge-needs-reason"
    message = mark("Say why the two are one; the reason is kept.")


class IsMerged(Conflict):
    """Also where ``into`` is not for the asker to see: then it is empty."""

    code = "is-merged"
    message = mark(
        "{reference} is merged into {into}. Work there, or undo the merge first; it can be undone at any time."
    )


class LeadingMerged(Conflict):
    code = "leading-merged"
    message = mark("{reference} is itself merged into {into}. Merge into {into} instead.")


class LeadingClosed(Conflict):
    code = "leading-closed"
    message = mark(
        "{reference} is closed and the other is not, so the work would be lost from sight. Open "
        "{reference} again first, or merge the other way round."
    )


class RedApart(Invalid):
    """A merge shows to whoever reads the one that the other exists."""

    code = "red-apart"
    message = mark(
        "One of the two is TLP:RED and the other is not. A merge would tell others that they belong "
        "together. Give both the same marking first."
    )


class NotMerged(Conflict):
    code = "not-merged"
    message = mark("This merge of {reference} was undone already. Nothing was changed.")


class MergeInCircle(Conflict):
    code = "merge-in-circle"
    message = mark(
        "{part} is a part of {whole}, so the two cannot be one. Take the links between them off first, or leave "
        "them linked."
    )


class MergeRefused(Conflict):
    """The same by way of something that is not for the asker to see, which is not named."""

    code = "merge-refused"
    message = mark("{reference} cannot be merged into {leading}. Link the two as related instead.")
