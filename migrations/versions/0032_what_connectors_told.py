"""What the last run of a connector brought, settings that are typed at the desk, and reports that are told of again.

Expand only: the running release knows neither the column nor the tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("source_run", sa.Column("left_out", sa.JSON()))
    op.create_table(
        "source_setting",
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_source_setting"),
    )
    op.create_table(
        "source_key",
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name="fk_source_key_report_id_report"
        ),
        sa.PrimaryKeyConstraint("source", "key_hash", name="pk_source_key"),
    )


def downgrade() -> None:
    op.drop_table("source_key")
    op.drop_table("source_setting")
    op.drop_column("source_run", "left_out")
