"""Let objects, versions and observables point at no parent that thousands of them share.

As for entries and rows of feeds (0003): to follow these keys costs PostgreSQL a look-up and a lock of one
and the same row for each object that comes.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

_DROPPED = (
    ("stix_object", "brought_by_id", "peer"),
    ("object_version", "facts_id", "object_facts"),
    ("object_observable", "object_id", "stix_object"),
)


def upgrade() -> None:
    for table, column, parent in _DROPPED:
        with op.batch_alter_table(table) as changing:
            changing.drop_constraint(f"fk_{table}_{column}_{parent}", type_="foreignkey")


def downgrade() -> None:
    for table, column, parent in reversed(_DROPPED):
        with op.batch_alter_table(table) as changing:
            name = f"fk_{table}_{column}_{parent}"
            changing.create_foreign_key(name, parent, [column], ["id"])
