"""What is to be done on an incident."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.kernel.text import mark
from cirt.register.phases import Phase


class TaskState(StrEnum):
    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"  # with its reason


OPEN = (TaskState.TODO, TaskState.DOING)

TASK_STATES = {
    TaskState.TODO: mark("To do"),
    TaskState.DOING: mark("Doing"),
    TaskState.DONE: mark("Done"),
    TaskState.DROPPED: mark("Dropped"),
}


# A database finds the partial index by these words alone.
_IS_OPEN = sa.text("state IN ('todo','doing') AND bin_id IS NULL")


class Task(Base):
    """One thing to do. ``step`` names the step of a playbook that it came from, once per incident."""

    __tablename__ = "task"
    __table_args__ = (
        sa.UniqueConstraint("incident_id", "step"),
        sa.Index("ix_task_list", "incident_id", "place", "id"),
        sa.Index(
            "ix_task_open",
            "owner_id",
            "due_at",
            "place",
            "id",
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("incident.id"))
    place: Mapped[int]  # in the list, from 1
    title: Mapped[str] = mapped_column(sa.String(300))
    detail: Mapped[str] = mapped_column(sa.Text, default="")
    phase: Mapped[Phase | None]
    state: Mapped[TaskState] = mapped_column(default=TaskState.TODO)
    reason: Mapped[str] = mapped_column(sa.Text, default="")  # why it was dropped
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    due_at: Mapped[datetime | None]
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    playbook: Mapped[str | None] = mapped_column(sa.String(60))
    playbook_version: Mapped[int | None]  # 0: as included
    step: Mapped[str | None] = mapped_column(sa.String(16))
    version: Mapped[int] = mapped_column(default=1)
    bin_id: Mapped[int | None] = mapped_column(sa.BigInteger)  # the act that removed it


# As the partial index says it.
IS_OPEN: sa.ColumnElement[bool] = Task.state.in_(
    [sa.literal_column("'todo'"), sa.literal_column("'doing'")]
)
