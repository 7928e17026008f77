"""How an arrival left quarantine, by whom and why; letters to peers about arrivals; refusals of peers that are let be.

Expand only. What was settled before does not say how.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SETTLED = {
    "settled_as": sa.String(32),
    "settled_by_id": sa.Integer(),
    "settled_via": sa.String(32),
    "note": sa.Text(),
}


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    for name, kind in _SETTLED.items():
        op.add_column("quarantined", sa.Column(name, kind))
    op.create_index("ix_quarantined_list", "quarantined", ["settled_at", "at", "id"])
    op.add_column("outgoing", _at("refused_at"))
    op.add_column("outgoing", _at("given_up_at"))
    op.add_column("outgoing", sa.Column("given_up_by_id", sa.Integer))
    op.create_table(
        "arrival_letter",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("arrival_id", _BIG, sa.ForeignKey("quarantined.id"), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("message_id", sa.String(300)),
        _at("written_at", nullable=False),
        sa.Column("written_by_id", sa.Integer, sa.ForeignKey("account.id")),
        _at("sent_at"),
        sa.Column("tries", sa.Integer, nullable=False),
        _at("next_try_at"),
        sa.Column("failure", sa.Text, nullable=False),
    )
    op.create_index("ix_arrival_letter_arrival", "arrival_letter", ["arrival_id"])
    op.create_index("ix_arrival_letter_due", "arrival_letter", ["state", "next_try_at"])


def downgrade() -> None:
    op.drop_table("arrival_letter")
    for name in ("given_up_by_id", "given_up_at", "refused_at"):
        op.drop_column("outgoing", name)
    op.drop_index("ix_quarantined_list", "quarantined")
    for name in reversed(_SETTLED):
        op.drop_column("quarantined", name)
