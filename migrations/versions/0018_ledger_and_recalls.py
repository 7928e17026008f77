"""The ledger: what was fetched, what went out on other ways, recalls and the letters about them.

Expand only. Pages answered before do not say under which agreement; the worker accounts for them in its first runs.
The index of pages now leads through each feed in order, which is how they are accounted for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("page_read", sa.Column("agreement", sa.String(40)))
    op.drop_index("ix_page_read_feed", "page_read")
    op.create_index("ix_page_read_feed", "page_read", ["feed_id", "id"])
    _holdings()
    _recalls()


def _holdings() -> None:
    op.create_table(
        "fetched",
        sa.Column("feed_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("date_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("object_id", _BIG, nullable=False),
        sa.Column("version_id", _BIG, nullable=False),
        sa.Column("facts_id", sa.Integer, nullable=False),
        sa.Column("page_id", _BIG, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("agreement_id", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_fetched_object", "fetched", ["object_id", "feed_id"])
    op.create_index("ix_fetched_at", "fetched", ["feed_id", "at_us"])
    op.create_table(
        "accounted",
        sa.Column("feed_id", sa.Integer, sa.ForeignKey("feed.id"), primary_key=True),
        sa.Column("page_id", _BIG, nullable=False),
    )
    op.create_table(
        "handed_out",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("peer_id", sa.Integer, sa.ForeignKey("peer.id"), nullable=False),
        sa.Column("object_id", _BIG, nullable=False),
        sa.Column("version_id", _BIG, sa.ForeignKey("object_version.id"), nullable=False),
        sa.Column("facts_id", sa.Integer, nullable=False),
        sa.Column("exit", sa.String(32), nullable=False),
        _at("at"),
        sa.Column("agreement", sa.String(40)),
        sa.Column("agreement_id", sa.Integer),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
        sa.Column("person", sa.String(200)),
        sa.Column("reference", sa.String(16)),
    )
    op.create_index("ix_handed_out_object", "handed_out", ["object_id"])
    op.create_index("ix_handed_out_peer", "handed_out", ["peer_id", "at"])


def _recalls() -> None:
    op.create_table(
        "recall",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("object_id", _BIG, sa.ForeignKey("stix_object.id"), nullable=False),
        sa.Column("version_id", _BIG, sa.ForeignKey("object_version.id")),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _at("at"),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
    )
    op.create_index("ix_recall_object", "recall", ["object_id"])
    op.create_index("ix_recall_list", "recall", ["at", "id"])
    op.create_table(
        "peer_letter",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("recall_id", _BIG, sa.ForeignKey("recall.id"), nullable=False),
        sa.Column("peer_id", sa.Integer, sa.ForeignKey("peer.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("message_id", sa.String(300)),
        _at("prepared_at"),
        sa.Column("sent_by_id", sa.Integer, sa.ForeignKey("account.id")),
        _at("sent_at", nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        _at("next_try_at", nullable=True),
        sa.Column("failure", sa.Text, nullable=False),
        sa.UniqueConstraint("recall_id", "peer_id", "kind", "number"),
    )
    op.create_index("ix_peer_letter_peer", "peer_letter", ["peer_id", "state"])
    op.create_index("ix_peer_letter_due", "peer_letter", ["state", "next_try_at"])


def downgrade() -> None:
    for table in ("peer_letter", "recall", "handed_out", "accounted", "fetched"):
        op.drop_table(table)
    op.drop_index("ix_page_read_feed", "page_read")
    op.create_index("ix_page_read_feed", "page_read", ["feed_id", "from_us", "to_us"])
    op.drop_column("page_read", "agreement")
