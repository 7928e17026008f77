"""Data of others: the way by which each version came, who else sent it, disputes, and alarms of loops.

Expand only: of versions that are here already no way is known, nothing is in dispute, no alarm stands.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "way",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("collection", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name="fk_way_peer_id_peer"),
        sa.PrimaryKeyConstraint("id", name="pk_way"),
        sa.UniqueConstraint("peer_id", "kind", "collection", name="uq_way_peer_id_kind_collection"),
    )
    op.create_table(
        "also_seen",
        sa.Column("version_id", _big(), nullable=False, autoincrement=False),
        sa.Column("peer_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("way_id", sa.Integer()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["object_version.id"], name="fk_also_seen_version_id_object_version"
        ),
        sa.PrimaryKeyConstraint("version_id", "peer_id", name="pk_also_seen"),
    )
    op.create_table(
        "rate_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("stix_id", sa.String(300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name="fk_rate_alarm_peer_id_peer"),
        sa.PrimaryKeyConstraint("id", name="pk_rate_alarm"),
    )
    op.create_index("ix_rate_alarm_object", "rate_alarm", ["peer_id", "stix_id"])
    op.add_column("object_version", sa.Column("way_id", sa.Integer()))
    op.add_column(
        "object_facts",
        sa.Column("disputed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("object_facts", "disputed")
    op.drop_column("object_version", "way_id")
    op.drop_index("ix_rate_alarm_object", "rate_alarm")
    for table in ("rate_alarm", "also_seen", "way"):
        op.drop_table(table)


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _kind() -> sa.Enum:
    return sa.Enum("read", "posted", name="waykind", native_enum=False, length=32)

