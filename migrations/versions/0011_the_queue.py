"""What the queue is sorted and narrowed by: sector, a first guess of the severity, the report it is much like.

Expand only: columns that are empty in reports made before; those say neither sector nor likeness, and wait by the
target of their source alone. The index of what waits takes the place of one over all states: of many, few wait.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_WAITING = (
    *("received_at", "id", "source", "lane", "sector", "first_guess", "like_id", "tlp"),
    *("claimed_by_id", "state", "reference", "title", "organisation"),
)
_QUEUE = ("state", "received_at", "id", "tlp", "claimed_by_id", "reference")
_COLUMNS = (
    ("sector", sa.String(40)),
    (
        "first_guess",
        sa.Enum(
            *("critical", "high", "medium", "low", "info"),
            name="severity",
            native_enum=False,
            length=32,
        ),
    ),
    ("like_id", sa.BigInteger()),
    ("like_root_id", sa.BigInteger()),
    ("like_share", sa.SmallInteger()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("report", sa.Column(name, kind))
    waits = sa.text("state IN ('received', 'claimed')")
    op.create_index(
        "ix_report_waiting", "report", list(_WAITING), sqlite_where=waits, postgresql_where=waits
    )
    op.create_index("ix_report_like_root", "report", ["like_root_id", "id"])
    op.drop_index("ix_report_queue", "report")
    asks = sa.text("kind = 'question'")
    op.create_index(
        "ix_message_question",
        "message",
        ["report_id", "at"],
        sqlite_where=asks,
        postgresql_where=asks,
    )


def downgrade() -> None:
    op.drop_index("ix_message_question", "message")
    op.create_index("ix_report_queue", "report", list(_QUEUE))
    op.drop_index("ix_report_like_root", "report")
    op.drop_index("ix_report_waiting", "report")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("report", name)
