"""Pages that passed over rows name those that they showed.

Expand only. A page answered before names none: it counts for all that stood between its ends, as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("page_read", sa.Column("shown", sa.JSON()))


def downgrade() -> None:
    op.drop_column("page_read", "shown")
