"""Merges of reports and incidents, links of reports to several incidents, likeness, bulk acts, views, forwarding.

Expand only: nothing that the running release reads changes. ``report_incident`` begins with what
``report.incident_id`` says. On the way down, what the older release has no word for is given back the state it
had, or the nearest one.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ENTRIES = ("report-linked", "merged", "merged-into", "parted", "parted-from")


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("name", name=op.f("uq_agency_name")),
    )
    op.create_table(
        "bulk_act",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "do",
            sa.Enum(
                "claim",
                "add",
                "merge",
                "reject",
                "spam",
                name="bulkdo",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_bulk_act_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_act")),
    )
    op.create_index(op.f("ix_bulk_act_account_id"), "bulk_act", ["account_id"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_saved_view_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_owner_id"), "saved_view", ["owner_id"], unique=False)
    op.create_table(
        "incident_merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "merged_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "leading_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["account.id"], name=op.f("fk_incident_merge_ended_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["leading_id"], ["incident.id"], name=op.f("fk_incident_merge_leading_id_incident")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"], ["account.id"], name=op.f("fk_incident_merge_merged_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["incident.id"], name=op.f("fk_incident_merge_merged_id_incident")
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["incident.id"], name=op.f("fk_incident_merge_root_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_merge")),
    )
    op.create_index(
        "ix_incident_merge_in_force",
        "incident_merge",
        ["merged_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        op.f("ix_incident_merge_leading_id"), "incident_merge", ["leading_id"], unique=False
    )
    op.create_index(op.f("ix_incident_merge_root_id"), "incident_merge", ["root_id"], unique=False)
    op.create_table(
        "forwarding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("peer_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forwarded_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_forwarding_agency_id_agency")
        ),
        sa.ForeignKeyConstraint(
            ["forwarded_by_id"], ["account.id"], name=op.f("fk_forwarding_forwarded_by_id_account")
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_forwarding_peer_id_peer")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_forwarding_report_id_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forwarding")),
    )
    op.create_index(op.f("ix_forwarding_report_id"), "forwarding", ["report_id"], unique=False)
    op.create_table(
        "related_report",
        sa.Column(
            "report_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "other_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("report_id < other_id", name=op.f("ck_related_report_smaller_first")),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], ["account.id"], name=op.f("fk_related_report_linked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["report.id"], name=op.f("fk_related_report_other_id_report")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_related_report_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", "other_id", name=op.f("pk_related_report")),
    )
    op.create_index("ix_related_report_other", "related_report", ["other_id"], unique=False)
    op.create_table(
        "report_incident",
        sa.Column(
            "report_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "incident_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("accepted", "added", "related", name="linkkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_report_incident_incident_id_incident")
        ),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], ["account.id"], name=op.f("fk_report_incident_linked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_incident_report_id_report")
        ),
        sa.PrimaryKeyConstraint("report_id", "incident_id", name=op.f("pk_report_incident")),
    )
    op.create_index(
        "ix_report_incident_incident", "report_incident", ["incident_id", "report_id"], unique=False
    )
    op.create_table(
        "report_merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "merged_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "leading_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("brought", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["account.id"], name=op.f("fk_report_merge_ended_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["leading_id"], ["report.id"], name=op.f("fk_report_merge_leading_id_report")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"], ["account.id"], name=op.f("fk_report_merge_merged_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["report.id"], name=op.f("fk_report_merge_merged_id_report")
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["report.id"], name=op.f("fk_report_merge_root_id_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_merge")),
    )
    op.create_index(
        "ix_report_merge_in_force",
        "report_merge",
        ["merged_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        op.f("ix_report_merge_leading_id"), "report_merge", ["leading_id"], unique=False
    )
    op.create_index(op.f("ix_report_merge_root_id"), "report_merge", ["root_id"], unique=False)
    op.create_table(
        "report_trait",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "report_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "text", "organisation", "contact", name="traitkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("of", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_trait_report_id_report")
        ),
        sa.PrimaryKeyConstraint("key", "report_id", name=op.f("pk_report_trait")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_report_trait_report", "report_trait", ["report_id"], unique=False)

    op.execute(
        "INSERT INTO report_incident (report_id, incident_id, kind, reason, linked_at, linked_by_id)"
        " SELECT id, incident_id, CASE state WHEN 'accepted' THEN 'accepted' ELSE 'added' END, reason,"
        " COALESCE(decided_at, received_at), decided_by_id FROM report WHERE incident_id IS NOT NULL"
    )


def downgrade() -> None:
    _part()
    op.execute("UPDATE report SET state = 'rejected' WHERE state IN ('forwarded', 'spam')")
    entry = sa.table("entry", sa.column("kind", sa.String))
    op.get_bind().execute(sa.delete(entry).where(entry.c.kind.in_(_ENTRIES)))
    op.drop_index("ix_report_trait_report", table_name="report_trait")
    op.drop_table("report_trait")
    op.drop_index(op.f("ix_report_merge_root_id"), table_name="report_merge")
    op.drop_index(op.f("ix_report_merge_leading_id"), table_name="report_merge")
    op.drop_index(
        "ix_report_merge_in_force",
        table_name="report_merge",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("report_merge")
    op.drop_index("ix_report_incident_incident", table_name="report_incident")
    op.drop_table("report_incident")
    op.drop_index("ix_related_report_other", table_name="related_report")
    op.drop_table("related_report")
    op.drop_index(op.f("ix_forwarding_report_id"), table_name="forwarding")
    op.drop_table("forwarding")
    op.drop_index(op.f("ix_incident_merge_root_id"), table_name="incident_merge")
    op.drop_index(op.f("ix_incident_merge_leading_id"), table_name="incident_merge")
    op.drop_index(
        "ix_incident_merge_in_force",
        table_name="incident_merge",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("incident_merge")
    op.drop_index(op.f("ix_saved_view_owner_id"), table_name="saved_view")
    op.drop_table("saved_view")
    op.drop_index(op.f("ix_bulk_act_account_id"), table_name="bulk_act")
    op.drop_table("bulk_act")
    op.drop_table("agency")


def _part() -> None:
    """What is merged becomes what it was before."""
    connection = op.get_bind()
    for table in ("incident", "report"):
        merge = sa.table(
            f"{table}_merge",
            sa.column("merged_id"),
            sa.column("before", sa.JSON),
            sa.column("ended_at"),
        )
        record = sa.table(
            table,
            sa.column("id"),
            sa.column("state", sa.String),
            sa.column("close_reason", sa.String),
            sa.column("closed_at", sa.DateTime(timezone=True)),
        )
        in_force = sa.select(merge.c.merged_id, merge.c.before).where(merge.c.ended_at.is_(None))
        for merged_id, before in connection.execute(in_force).all():
            values = dict(before)
            if values.get("closed_at"):
                values["closed_at"] = datetime.fromisoformat(values["closed_at"])
            connection.execute(sa.update(record).where(record.c.id == merged_id).values(**values))
