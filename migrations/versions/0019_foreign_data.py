"""Data of others: the way by which each version came, who else sent it, disputes, and alarms of loops.

Expand only: of versions that are here already no way is known, nothing is in dispute, no alarm stands. What notes and
opinions are about is read out of those that are here, for from now on they leave only if that may.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_PAGE = 1000


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
    _read_what_is_spoken_of()


def downgrade() -> None:
    ends = "DELETE FROM object_end WHERE version_id IN ({})"
    spoken = (
        "SELECT v.id FROM object_version v JOIN stix_object o ON o.id = v.object_id"
        " WHERE o.type IN ('note', 'opinion')"
    )
    op.execute(ends.format(spoken))
    op.drop_column("object_facts", "disputed")
    op.drop_column("object_version", "way_id")
    op.drop_index("ix_rate_alarm_object", "rate_alarm")
    for table in ("rate_alarm", "also_seen", "way"):
        op.drop_table(table)


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _kind() -> sa.Enum:
    return sa.Enum("read", "posted", name="waykind", native_enum=False, length=32)


def _read_what_is_spoken_of() -> None:
    """The ids that each note and opinion names, a page of versions at a time."""
    connection, last = op.get_bind(), 0
    query = sa.text(
        "SELECT v.id, c.body FROM object_version v JOIN stix_object o ON o.id = v.object_id"
        " JOIN object_content c ON c.version_id = v.id"
        " WHERE o.type IN ('note', 'opinion') AND v.id > :last ORDER BY v.id LIMIT :page"
    )
    while rows := connection.execute(query, {"last": last, "page": _PAGE}).all():
        last = rows[-1][0]
        ends = [
            {"version_id": version_id, "stix_id": each}
            for version_id, body in rows
            for each in dict.fromkeys(json.loads(bytes(body)).get("object_refs", ()))
        ]
        if ends:
            insert = "INSERT INTO object_end (version_id, stix_id) VALUES (:version_id, :stix_id)"
            connection.execute(sa.text(insert), ends)
