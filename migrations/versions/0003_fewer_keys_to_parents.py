"""Let the rows that come by the thousand point at the one parent that nothing else holds for them.

The others are held, or were read, by whoever writes the row; to follow them for every row costs PostgreSQL
more than to write it.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_DROPPED = {
    "collection_entry": (
        ("collection_id", "collection"),
        ("object_id", "stix_object"),
        ("brought_by_id", "peer"),
        ("proposal_id", "proposal"),
    ),
    "feed_row": (("feed_id", "feed"), ("object_id", "stix_object")),
}


def upgrade() -> None:
    for table, parents in _DROPPED.items():
        with op.batch_alter_table(table) as changing:
            for column, parent in parents:
                changing.drop_constraint(f"fk_{table}_{column}_{parent}", type_="foreignkey")


def downgrade() -> None:
    for table, parents in _DROPPED.items():
        with op.batch_alter_table(table) as changing:
            for column, parent in parents:
                name = f"fk_{table}_{column}_{parent}"
                changing.create_foreign_key(name, parent, [column], ["id"])
