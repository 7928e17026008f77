"""Decisions on all of one peer that wait for the same reason, and which arrivals each settled; when one was opened again.

Expand only. What was dropped together before is taken up again one by one. The index of what waits is in the order in
which a decision goes through it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alike_decision",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("peer_id", sa.Integer()),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("upto", _BIG, nullable=False),
        sa.Column("shown_at", _AT, nullable=False),
        sa.Column("do", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("asked_by_id", sa.Integer()),
        sa.Column("asked_via", sa.String(32), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("reached", _BIG, nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("ended_at", _AT),
        sa.PrimaryKeyConstraint("id", name="pk_alike_decision"),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name="fk_alike_decision_peer_id_peer"),
    )
    op.create_index("ix_alike_decision_stage", "alike_decision", ["stage"])
    op.create_index("ix_alike_decision_asked_at", "alike_decision", ["asked_at"])
    op.add_column("quarantined", sa.Column("decision_id", _BIG))
    op.add_column("quarantined", sa.Column("reopened_at", _AT))
    _partial("ix_quarantined_decision", ["decision_id", "id"], "decision_id IS NOT NULL")
    op.drop_index("ix_quarantined_waiting", "quarantined")
    _partial("ix_quarantined_waiting", ["peer_id", "code", "id", "size"], "settled_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_quarantined_waiting", "quarantined")
    _partial("ix_quarantined_waiting", ["peer_id", "code", "size"], "settled_at IS NULL")
    op.drop_index("ix_quarantined_decision", "quarantined")
    for name in ("reopened_at", "decision_id"):
        op.drop_column("quarantined", name)
    op.drop_table("alike_decision")


def _partial(name: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, "quarantined", columns, sqlite_where=only, postgresql_where=only)
