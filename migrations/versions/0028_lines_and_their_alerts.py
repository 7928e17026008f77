"""What links and connectors bring by day, why arrivals were not taken, alerts, and checks by manifest.

Expand only. Days of links within the last 60 are taken from their runs; their habits are learned from now on. Runs
that ended before name no reasons, and connectors have no runs yet.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def _counts(kind: sa.types.TypeEngine) -> list[sa.Column]:
    names = ("offered", "taken", "known", "held", "refused")
    return [sa.Column(name, kind, nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("run", sa.Column("reasons", sa.JSON()))
    op.add_column("source", sa.Column("last_success_at", _AT))
    op.create_table(
        "line_day",
        sa.Column("line", sa.String(80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        *_counts(_BIG),
        sa.Column("longest_gap_s", sa.Integer()),
        sa.Column("last_data_at", _AT),
        sa.PrimaryKeyConstraint("line", "day", name="pk_line_day"),
    )
    op.create_index("ix_line_day_day", "line_day", ["day"])
    op.create_table(
        "line_alert",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("reference", sa.String(32)),
        sa.Column("line", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("peer_id", sa.Integer()),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("tlp", sa.String(32), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("raised_at", _AT, nullable=False),
        sa.Column("expected_at", _AT),
        sa.Column("expected_by", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", _AT),
        sa.PrimaryKeyConstraint("id", name="pk_line_alert"),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name="fk_line_alert_peer_id_peer"),
        sa.UniqueConstraint("reference", name="uq_line_alert_reference"),
    )
    op.create_index(
        "uq_line_alert_standing",
        "line_alert",
        ["line", "kind"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "source_run",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("ended_at", _AT),
        sa.Column("files", sa.Integer(), nullable=False),
        *_counts(sa.Integer()),
        sa.Column("reasons", sa.JSON()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_source_run"),
    )
    op.create_index("ix_source_run_source", "source_run", ["source", "id"])
    op.create_table(
        "manifest_check",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("ended_at", _AT),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("missing_count", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("limited_by", sa.String(64)),
        sa.Column("error", sa.String(64)),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("again_state", sa.String(32)),
        sa.Column("again_run_id", _BIG),
        sa.Column("again_came", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manifest_check"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_manifest_check_link_id_link"),
        sa.ForeignKeyConstraint(["again_run_id"], ["run.id"], name="fk_manifest_check_again_run_id_run"),
    )
    op.create_index("ix_manifest_check_link_id", "manifest_check", ["link_id"])
    _fill_days()


def _fill_days() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = "date(started_at)" if is_sqlite else "(started_at AT TIME ZONE 'UTC')::date"
    begin = "datetime('now', '-60 days')" if is_sqlite else "now() - interval '60 days'"
    op.execute(
        "INSERT INTO line_day (line, day, runs, failed, offered, taken, known, held, refused, last_data_at)"
        f" SELECT 'link:' || link_id, {day}, count(*), sum(CASE state WHEN 'failed' THEN 1 ELSE 0 END),"
        " sum(offered), sum(taken), sum(known), sum(held), sum(refused),"
        " max(CASE WHEN taken > 0 THEN started_at END)"
        f" FROM run WHERE ended_at IS NOT NULL AND started_at > {begin} GROUP BY link_id, {day}"
    )


def downgrade() -> None:
    op.drop_table("manifest_check")
    op.drop_table("source_run")
    op.drop_table("line_alert")
    op.drop_table("line_day")
    op.drop_column("source", "last_success_at")
    op.drop_column("run", "reasons")
