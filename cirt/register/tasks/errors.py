"""What can go wrong with tasks."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchTask(NotFound):
    code = "no-such-task"


class TaskChanged(Conflict):
    code = "task-changed"
    message = mark(
        "Somebody changed this task first. What you typed is below; compare and save again."
    )


class TasksUnknown(Invalid):
    code = "tasks-unknown"
    message = mark(
        "{count} of the ticked tasks are no longer on this incident. Look at the list again."
    )


class DropNeedsReason(Invalid):
    code = "drop-needs-reason"
    message = mark("Say why the task is dropped; the next shift will ask.")


class TooManyTasks(Invalid):
    code = "too-many-tasks"
    message = mark(
        "This incident has {limit} tasks, and more cannot be worked through. Finish some, or open an "
        "incident of their own for the rest."
    )
