"""Which definitions beside TLP the bytes of an object name, so that they go along with it.

Expand only. What was taken before names none here: it goes as it went, and its next version brings its definitions.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("object_facts", sa.Column("marks", sa.Text()))


def downgrade() -> None:
    op.drop_column("object_facts", "marks")
