"""Messages between the CIRT and reporters, and what the counter asks beside the text.

Expand only: the new columns of reports are empty for those that came before and for a running release that does
not know them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNREAD = sa.text("direction = 'in' AND read_at IS NULL")
_TO_MAIL = sa.text("state IN ('written', 'queued') AND recipient <> ''")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def upgrade() -> None:
    _widen_report()
    _make_message()
    op.create_table(
        "message_file",
        sa.Column("attachment_id", _ID, autoincrement=False, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name="fk_message_file_attachment_id_attachment"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_message_file_message_id_message"
        ),
        sa.PrimaryKeyConstraint("attachment_id", name="pk_message_file"),
    )
    op.create_index("ix_message_file_message_id", "message_file", ["message_id"])


def downgrade() -> None:
    op.drop_table("message_file")
    op.drop_table("message")
    for column in ("lane", "on_behalf_of", "on_behalf_known", "circumstances"):
        op.drop_column("report", column)


def _widen_report() -> None:
    lane = _choice("lane", "citizen", "firm", "operator", "spam")
    op.add_column("report", sa.Column("lane", lane))
    op.add_column("report", sa.Column("on_behalf_of", sa.String(200)))
    op.add_column("report", sa.Column("on_behalf_known", sa.Boolean()))
    op.add_column("report", sa.Column("circumstances", sa.JSON()))


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", _ID, nullable=False),
        sa.Column("report_id", _ID),
        sa.Column("incident_id", _ID),
        sa.Column("direction", _choice("direction", "in", "out"), nullable=False),
        sa.Column("channel", _choice("channel", "page", "mail", "desk"), nullable=False),
        sa.Column(
            "kind", _choice("messagekind", "question", "letter", "answer"), nullable=False
        ),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("sender", sa.String(254), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("message_id", sa.String(300)),
        sa.Column("in_reply_to", sa.String(300)),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("state", _choice("messagestate", "written", "queued", "sent", "failed")),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("form_token", sa.String(64)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("read_by_id", sa.Integer()),
        sa.CheckConstraint(
            "report_id IS NOT NULL OR incident_id IS NOT NULL",
            name=op.f("ck_message_belongs_somewhere"),
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_message_report_id_report"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_message_incident_id_incident"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_message_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["read_by_id"], ["account.id"], name="fk_message_read_by_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("form_token", name="uq_message_form_token"),
    )
    op.create_index("ix_message_of_report", "message", ["report_id", "at", "id"])
    op.create_index("ix_message_of_incident", "message", ["incident_id", "at", "id"])
    op.create_index(
        "ix_message_unread",
        "message",
        ["report_id", "incident_id"],
        sqlite_where=_UNREAD,
        postgresql_where=_UNREAD,
    )
    op.create_index(
        "ix_message_to_mail", "message", ["at"], sqlite_where=_TO_MAIL, postgresql_where=_TO_MAIL
    )
    op.create_index("ix_message_message_id", "message", ["message_id"])
