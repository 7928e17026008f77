"""Give incidents their further facts: classes, sectors, countries, PAP, priority, scores, parties, links.

Expand step: what is new is empty or has a default, so that the running release keeps working. The priority of
incidents that are there follows from their severity, as for new ones without a sector.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WORD = sa.String(32)
_AT = sa.DateTime(timezone=True)
_COLUMNS = {
    "incident": (
        lambda: sa.Column("pap", _WORD),
        lambda: sa.Column("is_cross_border", sa.Boolean(), nullable=False, server_default=sa.false()),
        lambda: sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="3"),
        lambda: sa.Column("priority_reason", sa.Text(), nullable=False, server_default=""),
        lambda: sa.Column("lesson", sa.Text(), nullable=False, server_default=""),
    ),
    "incident_observable": (
        lambda: sa.Column("side", _WORD),
        lambda: sa.Column("comment", sa.Text(), nullable=False, server_default=""),
    ),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.add_column(table, column())
    with op.batch_alter_table("entry") as changing:
        changing.add_column(sa.Column("other_id", _BIG))
        changing.create_foreign_key("fk_entry_other_id_incident", "incident", ["other_id"], ["id"])
    op.execute(
        "UPDATE incident SET priority = CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2"
        " WHEN 'medium' THEN 3 ELSE 4 END"
    )
    is_open = sa.text("state <> 'closed'")
    op.create_index(
        "ix_incident_priority",
        "incident",
        ["priority", "opened_at", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_incident_cross_border", "incident", ["is_cross_border", "opened_at", "id"])
    _facets()
    _scores()
    _parties()
    _relations()


def _facets() -> None:
    op.create_table(
        "incident_facet",
        sa.Column("incident_id", _BIG, nullable=False, autoincrement=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("code", sa.String(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_facet_incident_id_incident"
        ),
        sa.PrimaryKeyConstraint("incident_id", "kind", "code", name="pk_incident_facet"),
    )
    op.create_index("ix_incident_facet_code", "incident_facet", ["kind", "code", "incident_id"])


def _scores() -> None:
    op.create_table(
        "incident_score",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("table_version", _WORD, nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=False),
        sa.Column("level", _WORD, nullable=False),
        sa.Column("proposed", _WORD, nullable=False),
        sa.Column("severity", _WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_score_incident_id_incident"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incident_score"),
    )
    op.create_index("ix_incident_score_incident", "incident_score", ["incident_id", "id"])


def _parties() -> None:
    op.create_table(
        "incident_party",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", _WORD, nullable=False),
        sa.Column("sector", sa.String(60)),
        sa.Column("country", sa.String(2)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.Column("removed_at", _AT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_party_incident_id_incident"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incident_party"),
    )
    op.create_index("ix_incident_party_incident", "incident_party", ["incident_id", "id"])


def _relations() -> None:
    op.create_table(
        "incident_relation",
        sa.Column("incident_id", _BIG, nullable=False, autoincrement=False),
        sa.Column("other_id", _BIG, nullable=False, autoincrement=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.CheckConstraint("incident_id <> other_id", name=op.f("ck_incident_relation_two_incidents")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_relation_incident_id_incident"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["incident.id"], name="fk_incident_relation_other_id_incident"
        ),
        sa.PrimaryKeyConstraint("incident_id", "other_id", name="pk_incident_relation"),
    )
    op.create_index("ix_incident_relation_other", "incident_relation", ["other_id", "kind"])


def downgrade() -> None:
    for table in ("incident_relation", "incident_party", "incident_score", "incident_facet"):
        op.drop_table(table)
    op.drop_index("ix_incident_cross_border", "incident")
    op.drop_index("ix_incident_priority", "incident")
    with op.batch_alter_table("entry") as changing:
        changing.drop_constraint("fk_entry_other_id_incident", type_="foreignkey")
        changing.drop_column("other_id")
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as changing:
            for column in columns:
                changing.drop_column(column().name)
