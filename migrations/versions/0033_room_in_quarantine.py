"""How much of what each peer sent waits in quarantine, and the networks on the warning list, to be read from an index.

Expand only: the running release writes rows without the column; what it keeps counts as a row alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column(
        "quarantined", sa.Column("size", sa.Integer(), nullable=False, server_default="0")
    )
    op.execute("UPDATE quarantined SET size = length(body) WHERE body IS NOT NULL")
    op.create_index(
        "ix_quarantined_waiting",
        "quarantined",
        ["peer_id", "code", "size"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    is_network = sa.text("ended_at IS NULL AND prefix > 0")
    op.create_index(
        "ix_warned_value_network",
        "warned_value",
        ["kind", "prefix"],
        sqlite_where=is_network,
        postgresql_where=is_network,
    )


def downgrade() -> None:
    op.drop_index("ix_warned_value_network", "warned_value")
    op.drop_index("ix_quarantined_waiting", "quarantined")
    op.drop_column("quarantined", "size")
