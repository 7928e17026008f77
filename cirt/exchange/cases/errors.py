"""Why a person's way on from quarantine is closed."""

from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark


class NotTakeable(Conflict):
    """``follows`` is the sentence of the rule, marked; the console says it."""

    code = "not-takeable"
    message = mark("Nobody lets this in as it stands. Its page says by which rule.")

    def __init__(self, follows: str) -> None:
        super().__init__()
        self.follows = follows

    def __str__(self) -> str:
        return self.follows


class NothingKept(Conflict):
    code = "nothing-kept"
    message = mark("None of its content is kept here, so there is nothing to take.")


class SayWhichIsRight(Conflict):
    code = "say-which-is-right"
    message = mark(
        "It is a second content of a version that rests until somebody has said which is right. Say that instead of dropping it."
    )


class CannotUndo(Conflict):
    code = "cannot-undo-drop"
    message = mark("Only what was dropped can be taken up again, and only for a day.")


class ArrivalSettled(Conflict):
    code = "arrival-settled"
    message = mark("It has been settled meanwhile. Open the page again to see how.")


class NothingLikeIt(Conflict):
    code = "nothing-like-it"
    message = mark("Nothing of this kind from there waits any more.")
