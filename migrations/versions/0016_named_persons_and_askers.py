"""Named persons of agreements, releases to them by mail, and everybody who ever asked for a release.

Expand only: new tables and columns that may be empty. Who asked for the releases that are there is copied, so that they stay barred from deciding.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "agreement_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("key_until", _MOMENT),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("removed_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name="fk_agreement_person_agreement_id_agreement"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agreement_person"),
    )
    op.create_index("ix_agreement_person_agreement_id", "agreement_person", ["agreement_id"])
    _add_askers()
    _add_named()
    _add_handovers()
    for table in ("proposal", "proposal_decision"):
        op.add_column(table, sa.Column("why_void", sa.String(40)))


def downgrade() -> None:
    for table in ("proposal", "proposal_decision"):
        op.drop_column(table, "why_void")
    for name in (
        "handover_version",
        "handover",
        "proposal_person_row",
        "proposal_person",
        "proposal_asker",
        "agreement_person",
    ):
        op.drop_table(name)


def _add_askers() -> None:
    op.create_table(
        "proposal_asker",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _key("proposal_asker", "proposal"),
        _key("proposal_asker", "account"),
        _key("proposal_asker", "person"),
        sa.PrimaryKeyConstraint("proposal_id", "account_id", "person_id", name="pk_proposal_asker"),
    )
    op.execute(
        "INSERT INTO proposal_asker (proposal_id, account_id, person_id)"
        " SELECT proposal.id, account.id, account.person_id"
        " FROM proposal JOIN account ON account.id = proposal.asked_by_id"
    )


def _add_named() -> None:
    op.create_table(
        "proposal_person",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _key("proposal_person", "proposal"),
        _key("proposal_person", "agreement_person", "person_id"),
        sa.PrimaryKeyConstraint("proposal_id", "person_id", name="pk_proposal_person"),
    )
    op.create_table(
        "proposal_person_row",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version_id", _BIG, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("agreement", sa.String(24)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _key("proposal_person_row", "proposal"),
        _key("proposal_person_row", "agreement_person", "person_id"),
        _key("proposal_person_row", "object_version", "version_id"),
        sa.PrimaryKeyConstraint(
            "proposal_id", "person_id", "version_id", name="pk_proposal_person_row"
        ),
    )


def _add_handovers() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("agreement", sa.String(24), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _MOMENT),
        sa.Column("failure", sa.Text(), nullable=False),
        _key("handover", "proposal"),
        _key("handover", "agreement_person", "person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_handover"),
    )
    op.create_index("ix_handover_proposal_id", "handover", ["proposal_id"])
    op.create_index("ix_handover_due", "handover", ["state", "next_try_at"])
    op.create_table(
        "handover_version",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("version_id", _BIG, nullable=False),
        _key("handover_version", "handover"),
        _key("handover_version", "object_version", "version_id"),
        sa.PrimaryKeyConstraint("handover_id", "version_id", name="pk_handover_version"),
    )
    op.create_index("ix_handover_version_version_id", "handover_version", ["version_id"])


def _key(table: str, parent: str, column: str = "") -> sa.ForeignKeyConstraint:
    column = column or f"{parent}_id"
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{table}_{column}_{parent}"
    )
