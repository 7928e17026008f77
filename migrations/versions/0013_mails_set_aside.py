"""Mails that break what reads them are kept and told; a link remembers what a decision took the place of.

Contracts what 0006 expanded: ``report.incident_id`` goes, for since then ``report_incident`` alone says where a report
is. On the way down it is filled from there, with the incident that came first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_KEY, _INDEX = "fk_report_incident_id_incident", "ix_report_incident_id"
_BROKE = sa.text("fault <> ''")
_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_index(_INDEX, "report")
    with op.batch_alter_table("report") as report:
        report.drop_constraint(_KEY, type_="foreignkey")
        report.drop_column("incident_id")
    op.add_column("report_incident", sa.Column("before", sa.JSON()))
    op.add_column(
        "received_mail", sa.Column("fault", sa.String(80), nullable=False, server_default="")
    )
    op.create_index(
        "ix_received_mail_fault",
        "received_mail",
        ["id"],
        sqlite_where=_BROKE,
        postgresql_where=_BROKE,
    )
    op.create_table(
        "set_aside_mail",
        sa.Column("received_id", _BigId, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["received_id"],
            ["received_mail.id"],
            name="fk_set_aside_mail_received_id_received_mail",
        ),
        sa.PrimaryKeyConstraint("received_id", name="pk_set_aside_mail"),
    )
    op.create_index("ix_set_aside_mail_next_try_at", "set_aside_mail", ["next_try_at"])


def downgrade() -> None:
    op.drop_table("set_aside_mail")
    # The older release has no word for them: they lie in their mailbox or folder still, and are not read again.
    op.execute("DELETE FROM received_mail WHERE outcome = 'set-aside'")
    op.drop_index("ix_received_mail_fault", "received_mail")
    op.drop_column("received_mail", "fault")
    op.drop_column("report_incident", "before")
    with op.batch_alter_table("report") as report:
        report.add_column(sa.Column("incident_id", _BigId))
        report.create_foreign_key(_KEY, "incident", ["incident_id"], ["id"])
    op.create_index(_INDEX, "report", ["incident_id"])
    op.execute(
        "UPDATE report SET incident_id = (SELECT min(incident_id) FROM report_incident"
        " WHERE report_incident.report_id = report.id AND report_incident.kind <> 'related')"
        " WHERE EXISTS (SELECT 1 FROM report_incident"
        " WHERE report_incident.report_id = report.id AND report_incident.kind <> 'related')"
    )
