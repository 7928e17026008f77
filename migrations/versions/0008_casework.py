"""Tasks, playbooks, events of the attack, and the bin.

Expand only: new tables, and columns that are empty in rows made before. The partial index is what the list of
incidents reads: of many, few are open. The indexes of the queue hold what is counted by, so that no report is read.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BINNED = ("incident", "note")
_QUEUE, _DECIDED = ("state", "received_at", "id"), ("decided_at", "id")
_OPEN = (
    *("opened_at", "id", "severity", "rsit_class", "tlp", "bin_id", "owner_id"),
    *("reference", "state"),
)


def _words(length: int) -> sa.String:
    return sa.String(length=length)


def _code() -> sa.String:
    return sa.String(length=32)


def _when() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bin_act",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("kind", _code(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", _when(), nullable=False),
        sa.Column("deleted_by", _words(200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reports", sa.JSON(), nullable=False),
        sa.Column("kept", _code()),
        sa.PrimaryKeyConstraint("id", name="pk_bin_act"),
    )
    op.create_index("ix_bin_act_at", "bin_act", ["deleted_at", "id"])
    _playbooks()
    _attack()
    _tasks()
    for table in _BINNED:
        op.add_column(table, sa.Column("bin_id", sa.BigInteger()))
    op.add_column("entry", sa.Column("attack_id", sa.BigInteger()))
    op.drop_index("ix_report_queue", "report")
    op.drop_index("ix_report_decided", "report")
    op.create_index("ix_report_queue", "report", [*_QUEUE, "tlp", "claimed_by_id", "reference"])
    op.create_index("ix_report_decided", "report", [*_DECIDED, "tlp", "reference"])
    op.create_index("ix_incident_open", "incident", list(_OPEN), **_where())


def _where() -> dict[str, Any]:
    is_open = sa.text("state <> 'closed'")
    return {"sqlite_where": is_open, "postgresql_where": is_open}


def _playbooks() -> None:
    op.create_table(
        "playbook",
        sa.Column("slug", _words(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_playbook"),
    )
    op.create_table(
        "playbook_version",
        sa.Column("slug", _words(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("saved_at", _when(), nullable=False),
        sa.Column("author", _words(200), nullable=False),
        sa.PrimaryKeyConstraint("slug", "version", name="pk_playbook_version"),
        sa.ForeignKeyConstraint(
            ["slug"], ["playbook.slug"], name="fk_playbook_version_slug_playbook"
        ),
    )


def _telling() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("occurred_at", _when(), nullable=False),
        sa.Column("precision", _code(), nullable=False),
        sa.Column("zone", _words(64), nullable=False),
        sa.Column("source", _words(200), nullable=False),
        sa.Column("author", _words(200), nullable=False),
    ]


def _attack() -> None:
    op.create_table(
        "attack_event",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        *_telling(),
        sa.Column("written_at", _when(), nullable=False),
        sa.Column("edited_at", _when()),
        sa.Column("bin_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_attack_event"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_attack_event_incident_id_incident"
        ),
    )
    op.create_index("ix_attack_event_incident_id", "attack_event", ["incident_id"])
    op.create_table(
        "attack_telling",
        sa.Column("event_id", _BIG, nullable=False),
        *_telling(),
        sa.Column("replaced_at", _when(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "version", name="pk_attack_telling"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["attack_event.id"], name="fk_attack_telling_event_id_attack_event"
        ),
    )


def _tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", _words(300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("phase", _code()),
        sa.Column("state", _code(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer()),
        sa.Column("due_at", _when()),
        sa.Column("added_at", _when(), nullable=False),
        sa.Column("ended_at", _when()),
        sa.Column("playbook", _words(60)),
        sa.Column("playbook_version", sa.Integer()),
        sa.Column("step", _words(16)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bin_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_task_incident_id_incident"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name="fk_task_owner_id_account"),
        sa.UniqueConstraint("incident_id", "step", name="uq_task_incident_id_step"),
    )
    op.create_index("ix_task_list", "task", ["incident_id", "place", "id"])
    op.create_index("ix_task_owner", "task", ["owner_id", "state", "due_at"])


def downgrade() -> None:
    op.drop_index("ix_incident_open", "incident")
    for name, columns in (("ix_report_queue", _QUEUE), ("ix_report_decided", _DECIDED)):
        op.drop_index(name, "report")
        op.create_index(name, "report", list(columns))
    op.drop_column("entry", "attack_id")
    for table in reversed(_BINNED):
        op.drop_column(table, "bin_id")
    for table in ("task", "attack_telling", "attack_event"):
        op.drop_table(table)
    for table in ("playbook_version", "playbook", "bin_act"):
        op.drop_table(table)
