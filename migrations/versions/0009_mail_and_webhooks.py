"""Mails that have come, by digest, letters on their way, and systems that report by themselves.

Expand only: four new tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def upgrade() -> None:
    outcome = _choice("mailoutcome", "report", "answer", "bounce", "automatic")
    op.create_table(
        "received_mail",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(300), nullable=False),
        sa.Column("outcome", outcome, nullable=False),
        sa.Column("report_id", _ID),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("sender", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name="fk_received_mail_report_id_report"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_received_mail"),
        sa.UniqueConstraint("digest", name="uq_received_mail_digest"),
    )
    op.create_index("ix_received_mail_list", "received_mail", ["outcome", "id"])
    op.create_index("ix_received_mail_message_id", "received_mail", ["message_id"])
    op.create_table(
        "letter",
        sa.Column("message_id", _ID, autoincrement=False, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_letter_message_id_message"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_letter"),
    )
    op.create_index("ix_letter_next_try_at", "letter", ["next_try_at"])
    _make_webhooks()


def downgrade() -> None:
    op.drop_table("webhook_key")
    op.drop_table("webhook")
    op.drop_table("letter")
    op.drop_table("received_mail")


def _make_webhooks() -> None:
    tlp = _choice("tlp", "clear", "green", "amber", "amber+strict", "red")
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("tlp", tlp, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("last_at", sa.DateTime(timezone=True)),
        sa.Column("window_at", sa.DateTime(timezone=True)),
        sa.Column("window_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.UniqueConstraint("name", name="uq_webhook_name"),
    )
    op.create_table(
        "webhook_key",
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk_webhook_key_webhook_id_webhook"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name="fk_webhook_key_report_id_report"
        ),
        sa.PrimaryKeyConstraint("webhook_id", "key_hash", name="pk_webhook_key"),
    )
