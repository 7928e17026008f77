"""The open tasks of a person in the order of their dates, which the desk reads."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    is_open = sa.text("state IN ('todo','doing') AND bin_id IS NULL")
    order = ["owner_id", "due_at", "place", "id"]
    op.drop_index("ix_task_owner", "task")
    op.create_index(
        "ix_task_open", "task", order, sqlite_where=is_open, postgresql_where=is_open
    )


def downgrade() -> None:
    op.drop_index("ix_task_open", "task")
    op.create_index("ix_task_owner", "task", ["owner_id", "state", "due_at"])
