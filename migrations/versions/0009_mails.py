"""Mails that have come, by digest, and letters on their way.

Expand only: two new tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"

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


def downgrade() -> None:
    op.drop_table("letter")
    op.drop_table("received_mail")
