"""Schedules, filters, daily shares and choices of links; lanes of jobs; certificates for peers' servers.

Expand only: a link that is here already runs every so many seconds, takes every type, and has no share.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

LINK = {
    "cron": sa.String(100),
    "types": sa.JSON(),
    "day_bytes": sa.BigInteger(),
    "set_at": sa.DateTime(timezone=True),
    "retry_at": sa.DateTime(timezone=True),
    "estimate": sa.JSON(),
    "rehearsal": sa.JSON(),
}
PEER = {"ca_pem": sa.Text(), "client_cert_pem": sa.Text(), "sealed_client_key": sa.LargeBinary()}


def upgrade() -> None:
    for name, kind in LINK.items():
        op.add_column("link", sa.Column(name, kind))
    op.add_column("link", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "link",
        sa.Column("waits_for_choice", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("run", sa.Column("left_out", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("lane", sa.String(64)))
    for name, kind in PEER.items():
        op.add_column("peer", sa.Column(name, kind))
    op.create_table(
        "link_traffic",
        sa.Column("link_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_link_traffic_link_id_link"),
        sa.PrimaryKeyConstraint("link_id", "day", name="pk_link_traffic"),
    )


def downgrade() -> None:
    op.drop_table("link_traffic")
    for name in reversed(PEER):
        op.drop_column("peer", name)
    op.drop_column("job", "lane")
    op.drop_column("run", "left_out")
    op.drop_column("link", "waits_for_choice")
    op.drop_column("link", "failures")
    for name in reversed(LINK):
        op.drop_column("link", name)
