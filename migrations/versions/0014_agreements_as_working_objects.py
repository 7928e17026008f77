"""Agreements as working objects: more terms, what is recorded, changes that two decide, warnings before the end.

Expand only. Agreements made before keep what they did: the strictest ceiling for what peers send, no personal
data, the peer's name may be told, their own text TLP:AMBER, and nothing recorded.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_LEVELS = ("clear", "green", "amber", "amber+strict", "red")
_STATES = ("asked", "approved", "refused", "withdrawn", "voided")


def upgrade() -> None:
    columns = (
        sa.Column("ceiling_in", _tlp(), nullable=False, server_default="amber+strict"),
        sa.Column("personal_data", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("attribution", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("tlp", _tlp(), nullable=False, server_default="amber"),
        sa.Column("record", sa.JSON(), nullable=False, server_default="{}"),
    )
    for column in columns:
        op.add_column("agreement", column)
    op.add_column("agreement_version", sa.Column("approved_by", sa.String(200)))
    op.add_column(
        "agreement_version", sa.Column("reason", sa.Text(), nullable=False, server_default="")
    )
    _add_changes()
    _add_member_requests()
    op.create_table(
        "agreement_warning",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key("agreement_warning", "agreement_id", "agreement"),
        sa.PrimaryKeyConstraint(
            *("agreement_id", "valid_until", "days"), name="pk_agreement_warning"
        ),
    )
    op.create_table(
        "notice",
        sa.Column("id", _big_id(), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_next_try_at", "notice", ["next_try_at"])


def _add_changes() -> None:
    op.create_table(
        "agreement_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        *_four_eyes("agreement_change"),
        _key("agreement_change", "agreement_id", "agreement"),
    )
    for column in ("agreement_id", "state"):
        op.create_index(f"ix_agreement_change_{column}", "agreement_change", [column])


def _add_member_requests() -> None:
    op.create_table(
        "member_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        *_four_eyes("member_request"),
        _key("member_request", "collection_id", "collection"),
        _key("member_request", "peer_id", "peer"),
    )
    for column in ("peer_id", "state"):
        op.create_index(f"ix_member_request_{column}", "member_request", [column])


def _four_eyes(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    state = sa.Enum(*_STATES, name="requeststate", native_enum=False, length=32)
    return (
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("comment", sa.Text(), nullable=False),
        _key(table, "asked_by_id", "account"),
        _key(table, "decided_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def _key(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{table}_{column}_{parent}"
    )


def _tlp() -> sa.Enum:
    return sa.Enum(*_LEVELS, name="tlp", native_enum=False, length=32)


def _big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def downgrade() -> None:
    for table in ("notice", "agreement_warning", "member_request", "agreement_change"):
        op.drop_table(table)
    op.drop_column("agreement_version", "reason")
    op.drop_column("agreement_version", "approved_by")
    for column in ("record", "tlp", "attribution", "personal_data", "ceiling_in"):
        op.drop_column("agreement", column)
