"""Decisions on all of one peer that wait for the same reason, and which arrivals each settled; when one was opened again.

Expand only. What was dropped together before is taken up again one by one. Lists, their filters and what waits of each
peer are read from indexes alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)
_OPEN = "settled_at IS NULL"
_INDEXES = (
    ("open", _OPEN, "at id peer_id code outcome"),
    ("settled", "settled_at IS NOT NULL", "settled_at id peer_id code outcome at"),
    ("waiting", _OPEN, "peer_id code id size at outcome"),
    ("decision", "decision_id IS NOT NULL", "decision_id id"),
)


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
    op.add_column("quarantined", sa.Column("decision_id", _BIG))
    op.add_column("quarantined", sa.Column("reopened_at", _AT))
    op.drop_index("ix_quarantined_list", "quarantined")
    op.drop_index("ix_quarantined_waiting", "quarantined")
    for name, which, columns in _INDEXES:
        _index(name, which, *columns.split())


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(f"ix_quarantined_{name}", "quarantined")
    _index("waiting", _OPEN, "peer_id", "code", "size")
    op.create_index("ix_quarantined_list", "quarantined", ["settled_at", "at", "id"])
    for name in ("reopened_at", "decision_id"):
        op.drop_column("quarantined", name)
    op.drop_table("alike_decision")


def _index(name: str, which: str, *columns: str) -> None:
    only = sa.text(which)
    op.create_index(
        f"ix_quarantined_{name}",
        "quarantined",
        list(columns),
        sqlite_where=only,
        postgresql_where=only,
    )
