"""Exchange without a line: own and peers' exchange keys, how far files have come, and the files that were made.

Expand only. A release that runs beside it knows nothing of links by file; there are none before the first file.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0021"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False)


def upgrade() -> None:
    op.add_column("peer", sa.Column("exchange_key", sa.String(120)))
    op.add_column(
        "link", sa.Column("by_file", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "exchange_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _at("made_at", nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.create_table(
        "carried",
        sa.Column("peer_id", sa.Integer, sa.ForeignKey("peer.id"), primary_key=True),
        _number("taken_number"),
        sa.Column("taken_file", sa.String(64)),
        _at("taken_made_at"),
        _at("taken_at"),
        sa.Column("open_file", sa.String(64)),
        _number("open_pages"),
        _number("told_number"),
        _number("said_number"),
    )
    op.create_table(
        "carried_file",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("peer_id", sa.Integer, sa.ForeignKey("peer.id"), nullable=False),
        _number("number"),
        _number("follows"),
        _at("made_at", nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        _number("objects"),
        sa.Column("begins", sa.JSON, nullable=False),
        sa.Column("ends", sa.JSON, nullable=False),
        sa.Column("is_written", sa.Boolean, nullable=False),
        _at("taken_at"),
        sa.UniqueConstraint("peer_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("carried_file")
    op.drop_table("carried")
    op.drop_table("exchange_key")
    op.drop_column("link", "by_file")
    op.drop_column("peer", "exchange_key")
