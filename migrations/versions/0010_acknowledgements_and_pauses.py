"""Acknowledgements of mails, and what an administrator sees of a webhook.

Expand only: three new tables, and columns with a default. What a webhook reported before is counted from the keys it
gave; events without a key are not in that figure.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "acknowledging",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_acknowledging_only_one"),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledging"),
    )
    op.create_table(
        "acknowledging_text",
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("language", name="pk_acknowledging_text"),
    )
    op.create_table(
        "acknowledged_sender",
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_acknowledged_sender"),
    )
    op.create_index("ix_acknowledged_sender_at", "acknowledged_sender", ["at"])
    _widen_webhooks()


def downgrade() -> None:
    for name in ("refused_why", "refused_at", "taken_count", "version", "paused_at"):
        op.drop_column("webhook", name)
    op.drop_table("acknowledged_sender")
    op.drop_table("acknowledging_text")
    op.drop_table("acknowledging")


def _widen_webhooks() -> None:
    op.add_column("webhook", sa.Column("paused_at", sa.DateTime(timezone=True)))
    for name, default in (("version", "1"), ("taken_count", "0")):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default=default)
        op.add_column("webhook", column)
    op.add_column("webhook", sa.Column("refused_at", sa.DateTime(timezone=True)))
    op.add_column("webhook", sa.Column("refused_why", sa.JSON()))
    op.execute(
        "UPDATE webhook SET taken_count = (SELECT coalesce(sum(webhook_key.count), 0)"
        " FROM webhook_key WHERE webhook_key.webhook_id = webhook.id)"
    )
