"""What the gate decides by beside the TLP: policies, personal data, the do-not-share list, permissions.

Expand only: columns with a default, three new tables, and what reports, notes and their like are about, read out of the
bytes that are here. What was taken before counts as without policies and personal data until its next version comes or a
person says so.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TLP = ("clear", "green", "amber", "amber+strict", "red")
_PAP = ("clear", "green", "amber", "red")
_ACTIONS = ("none", "ask", "internal", "indirect", "direct")
_KINDS = (
    "ipv4-addr",
    "ipv6-addr",
    "domain-name",
    "url",
    "email-addr",
    "md5",
    "sha-1",
    "sha-256",
    "sha-512",
    "ssdeep",
    "tlsh",
    "file-name",
    "file-path",
    "mac-addr",
    "mutex",
    "windows-registry-key",
    "asn",
    "cve",
    "user-agent",
    "crypto-address",
    "phone-number",
    "attack-technique",
    "ja3",
    "ja4",
    "x509-serial",
)
_ABOUT = ("report", "note", "opinion", "grouping", "observed-data", "language-content")
_PART = 500
_FLAGS = ("iep_unnamed", "iep_quiet", "personal", "withheld")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def upgrade() -> None:
    added = (
        sa.Column("pap", _choice("pap", *_PAP)),
        sa.Column("iep_start_us", sa.BigInteger()),
        sa.Column("iep_end_us", sa.BigInteger()),
        sa.Column("iep_actions", _choice("action", *_ACTIONS)),
        *(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()) for name in _FLAGS),
        sa.Column("permits", sa.Text()),
    )
    for column in added:
        op.add_column("object_facts", column)
    op.add_column("known_marking", sa.Column("policy", sa.JSON()))
    _make_former()
    _make_withheld()
    _make_permission()
    _read_what_others_are_about()


def downgrade() -> None:
    of_these = (
        "SELECT v.id FROM object_version v JOIN stix_object o ON o.id = v.object_id"
        " WHERE o.type IN :types"
    )
    gone = sa.text(f"DELETE FROM object_end WHERE version_id IN ({of_these})")  # noqa: S608 - fixed
    op.get_bind().execute(
        gone.bindparams(sa.bindparam("types", expanding=True)), {"types": list(_ABOUT)}
    )
    op.drop_table("permission")
    op.drop_table("withheld_value")
    op.drop_table("former_observable")
    op.drop_column("known_marking", "policy")
    for name in ("permits", *reversed(_FLAGS), "iep_actions", "iep_end_us", "iep_start_us", "pap"):
        op.drop_column("object_facts", name)


def _make_former() -> None:
    op.create_table(
        "former_observable",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("object_id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", _choice("kind", *_KINDS), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "object_id", name="pk_former_observable"),
    )
    op.create_index("ix_former_observable_object", "former_observable", ["object_id"])


def _make_withheld() -> None:
    op.create_table(
        "withheld_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("kind", _choice("kind", *_KINDS), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Integer(), nullable=False),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_withheld_value"),
    )
    is_listed = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_withheld_value_key",
        "withheld_value",
        ["key"],
        unique=True,
        sqlite_where=is_listed,
        postgresql_where=is_listed,
    )
    op.create_index("ix_withheld_value_until", "withheld_value", ["until"])


def _make_permission() -> None:
    op.create_table(
        "permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("tlp", _choice("tlp", *_TLP), nullable=False),
        sa.Column("object_id", _ID),
        sa.Column("origin_id", sa.Integer()),
        sa.Column("up_to", _choice("tlp", *_TLP), nullable=False),
        sa.Column("audience", _choice("audience", "peer", "peers", "public"), nullable=False),
        sa.Column("reader_id", sa.Integer()),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String(200)),
        sa.Column("ended_why", sa.Text()),
        sa.CheckConstraint(
            "(object_id IS NULL) <> (origin_id IS NULL)", name="ck_permission_one_scope"
        ),
        sa.CheckConstraint(
            "(audience = 'peer') = (reader_id IS NOT NULL)", name="ck_permission_one_audience"
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stix_object.id"], name="fk_permission_object_id_stix_object"
        ),
        sa.ForeignKeyConstraint(["origin_id"], ["peer.id"], name="fk_permission_origin_id_peer"),
        sa.ForeignKeyConstraint(["reader_id"], ["peer.id"], name="fk_permission_reader_id_peer"),
        sa.PrimaryKeyConstraint("id", name="pk_permission"),
        sa.UniqueConstraint("reference", name="uq_permission_reference"),
    )
    op.create_index("ix_permission_object_id", "permission", ["object_id"])
    op.create_index("ix_permission_until", "permission", ["until"])


def _read_what_others_are_about() -> None:
    """A row for each id that a report, note or the like refers to, as new ones get."""
    connection = op.get_bind()
    end = sa.table("object_end", sa.column("version_id"), sa.column("stix_id"))
    for rows in _bodies(connection):
        named = [
            {"version_id": version_id, "stix_id": stix_id}
            for version_id, body in rows
            for stix_id in dict.fromkeys(_refs(json.loads(bytes(body))))
        ]
        if named:
            connection.execute(sa.insert(end), named)


def _bodies(connection: sa.Connection) -> Iterator[list[tuple[int, bytes]]]:
    query = sa.text(
        "SELECT v.id, c.body FROM stix_object o JOIN object_version v ON v.object_id = o.id"
        " JOIN object_content c ON c.version_id = v.id"
        " WHERE o.type IN :types AND v.id > :after ORDER BY v.id LIMIT :most"
    ).bindparams(sa.bindparam("types", expanding=True))
    after = 0
    while True:
        values = {"types": list(_ABOUT), "after": after, "most": _PART}
        rows = [(row[0], row[1]) for row in connection.execute(query, values)]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _refs(content: dict[str, Any]) -> Iterator[str]:
    yield from content.get("object_refs", ())
    if "object_ref" in content:
        yield content["object_ref"]
