"""The first schema: register, objects, gate, feeds, exchange, audit and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_owner", "attachment", ["owner"], unique=False)
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_act"), "audit_entry", ["act"], unique=False)
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "collection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("alias", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "published", "shared", "inbox", name="collectionkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("alias", name=op.f("uq_collection_alias")),
        sa.UniqueConstraint("uuid", name=op.f("uq_collection_uuid")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "running", "done", "dead", name="jobstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("slot", name=op.f("uq_job_slot")),
    )
    op.create_index("ix_job_due", "job", ["state", "run_at"], unique=False)
    op.create_table(
        "known_marking",
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column(
            "tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("stix_id", name=op.f("pk_known_marking")),
    )
    op.create_table(
        "ourselves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("identity_id", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ourselves_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ourselves")),
    )
    op.create_table(
        "peer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("identity_id", sa.String(length=300), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "suspended", name="peerstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("discovery_url", sa.String(length=500), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer")),
        sa.UniqueConstraint("slug", name=op.f("uq_peer_slug")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "reference_counter",
        sa.Column(
            "kind",
            sa.Enum("REP", "INC", "REL", "MOU", name="reference", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_reference_counter")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=254), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_name_at", "sign_in_failure", ["name", "at"], unique=False)
    op.create_index(
        "ix_sign_in_failure_source_at", "sign_in_failure", ["source", "at"], unique=False
    )
    op.create_table(
        "source",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_data_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
    )
    op.create_table(
        "used_form",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("led_to", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_used_form")),
    )
    op.create_index(op.f("ix_used_form_at"), "used_form", ["at"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("one_time", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "in-force",
                "suspended",
                "ended",
                name="agreementstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum("tlp-ack", "mou", "mou+nda", name="level", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "ceiling",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "default_tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "direction",
            sa.Enum("give", "take", "both", name="direction", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("sectors", sa.JSON(), nullable=False),
        sa.Column("transit", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_agreement_peer_id_peer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("reference", name=op.f("uq_agreement_reference")),
    )
    op.create_index(op.f("ix_agreement_peer_id"), "agreement", ["peer_id"], unique=False)
    op.create_table(
        "attachment_content",
        sa.Column(
            "attachment_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_attachment_content_attachment_id_attachment"),
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachment_content")),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=False),
        sa.Column("settled_for", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_feed_collection_id_collection")
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_feed_peer_id_peer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("peer_id", "collection_id", name=op.f("uq_feed_peer_id_collection_id")),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("pull", "push", name="linkdirection", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("remote", sa.String(length=200), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=True),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "paused", name="linkstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("cursor", sa.String(length=64), nullable=True),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_data_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_link_collection_id_collection")
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_link_peer_id_peer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "peer_id", "direction", "remote", name=op.f("uq_link_peer_id_direction_remote")
        ),
    )
    op.create_table(
        "member",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_member_collection_id_collection")
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_member_peer_id_peer")),
        sa.PrimaryKeyConstraint("collection_id", "peer_id", name=op.f("pk_member")),
    )
    op.create_table(
        "named_person",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_named_person_person_id_person")
        ),
        sa.PrimaryKeyConstraint("subject", "person_id", name=op.f("pk_named_person")),
    )
    op.create_table(
        "object_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=250), nullable=False),
        sa.Column(
            "tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "written_tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("creator", sa.String(length=300), nullable=True),
        sa.Column("sector", sa.String(length=60), nullable=True),
        sa.Column("vouched", sa.Boolean(), nullable=False),
        sa.Column("companion", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["origin_id"], ["peer.id"], name=op.f("fk_object_facts_origin_id_peer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object_facts")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_object_facts_fingerprint")),
    )
    op.create_table(
        "peer_credential",
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["peer_id"], ["peer.id"], name=op.f("fk_peer_credential_peer_id_peer")
        ),
        sa.PrimaryKeyConstraint("peer_id", name=op.f("pk_peer_credential")),
        sa.UniqueConstraint("username", name=op.f("uq_peer_credential_username")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("successes", sa.JSON(), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_receipt_collection_id_collection")
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_receipt_peer_id_peer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_table(
        "stix_object",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column("type", sa.String(length=250), nullable=False),
        sa.Column("brought_by_id", sa.Integer(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("newest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("newest_us", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("valid_until_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brought_by_id"], ["peer.id"], name=op.f("fk_stix_object_brought_by_id_peer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stix_object")),
        sa.UniqueConstraint("stix_id", name=op.f("uq_stix_object_stix_id")),
    )
    op.create_index(
        "ix_stix_object_list", "stix_object", ["type", "revoked", "newest_us", "id"], unique=False
    )
    op.create_table(
        "agreement_version",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_version_agreement_id_agreement"),
        ),
        sa.PrimaryKeyConstraint("agreement_id", "version", name=op.f("pk_agreement_version")),
    )
    op.create_table(
        "draft",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_draft_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_draft")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "waiting",
                "contained",
                "eradicated",
                "resolved",
                "closed",
                name="incidentstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rsit_class", sa.String(length=60), nullable=False),
        sa.Column("rsit_type", sa.String(length=60), nullable=True),
        sa.Column(
            "severity",
            sa.Enum(
                "critical",
                "high",
                "medium",
                "low",
                "info",
                name="severity",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("eradicated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "close_reason",
            sa.Enum(
                "solved",
                "false-positive",
                "duplicate",
                "not-in-constituency",
                "no-response",
                "informational",
                "test",
                name="closereason",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_incident_owner_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("reference", name=op.f("uq_incident_reference")),
    )
    op.create_index("ix_incident_list", "incident", ["state", "opened_at", "id"], unique=False)
    op.create_index("ix_incident_opened", "incident", ["opened_at", "id"], unique=False)
    op.create_table(
        "object_observable",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "object_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
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
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["stix_object.id"],
            name=op.f("fk_object_observable_object_id_stix_object"),
        ),
        sa.PrimaryKeyConstraint("key", "object_id", name=op.f("pk_object_observable")),
    )
    op.create_index("ix_object_observable_object", "object_observable", ["object_id"], unique=False)
    op.create_table(
        "object_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("version_us", sa.BigInteger(), nullable=False),
        sa.Column("version_text", sa.String(length=40), nullable=False),
        sa.Column("spec_version", sa.String(length=8), nullable=False),
        sa.Column("facts_id", sa.Integer(), nullable=False),
        sa.Column(
            "bound_tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("bare", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("valid_from_us", sa.BigInteger(), nullable=True),
        sa.Column("valid_until_us", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["facts_id"], ["object_facts.id"], name=op.f("fk_object_version_facts_id_object_facts")
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stix_object.id"], name=op.f("fk_object_version_object_id_stix_object")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object_version")),
        sa.UniqueConstraint(
            "object_id", "version_us", name=op.f("uq_object_version_object_id_version_us")
        ),
    )
    op.create_table(
        "page_read",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=16), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("page_limit", sa.Integer(), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("to_us", sa.BigInteger(), nullable=False),
        sa.Column("head_us", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_page_read_feed_id_feed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_read")),
    )
    op.create_index("ix_page_read_feed", "page_read", ["feed_id", "from_us", "to_us"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "triage",
                "handler",
                "lead",
                "admin",
                "auditor",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("running", "done", "failed", name="runstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_run_link_id_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_link_started", "run", ["link_id", "started_at"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_in_secret_hash")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"], unique=False)
    op.create_table(
        "feed_row",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("date_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("recall", sa.Boolean(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_feed_row_feed_id_feed")),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stix_object.id"], name=op.f("fk_feed_row_object_id_stix_object")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_feed_row_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("feed_id", "date_us", name=op.f("pk_feed_row")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feed_row_object", "feed_row", ["object_id", "feed_id"], unique=False)
    op.create_index(
        "uq_feed_row_open",
        "feed_row",
        ["feed_id", "version_id"],
        unique=True,
        sqlite_where=sa.text("closed_us IS NULL"),
        postgresql_where=sa.text("closed_us IS NULL"),
    )
    op.create_table(
        "incident_observable",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
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
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "offered",
                "confirmed",
                "dismissed",
                name="observablestate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["account.id"],
            name=op.f("fk_incident_observable_decided_by_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_incident_observable_incident_id_incident"),
        ),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["stix_object.id"],
            name=op.f("fk_incident_observable_object_id_stix_object"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_observable")),
        sa.UniqueConstraint(
            "incident_id", "key", name=op.f("uq_incident_observable_incident_id_key")
        ),
    )
    op.create_index("ix_incident_observable_key", "incident_observable", ["key"], unique=False)
    op.create_index(
        "ix_incident_observable_list",
        "incident_observable",
        ["incident_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_incident_observable_object_id"), "incident_observable", ["object_id"], unique=False
    )
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column(
            "tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_note_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["edited_by_id"], ["account.id"], name=op.f("fk_note_edited_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_note_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_incident_id"), "note", ["incident_id"], unique=False)
    op.create_table(
        "object_content",
        sa.Column(
            "version_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_object_content_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_object_content")),
    )
    op.create_table(
        "object_end",
        sa.Column(
            "version_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_object_end_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("version_id", "stix_id", name=op.f("pk_object_end")),
    )
    op.create_index("ix_object_end_stix_id", "object_end", ["stix_id"], unique=False)
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_id", sa.String(length=64), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_outgoing_link_id_link")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_outgoing_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
        sa.UniqueConstraint("link_id", "version_id", name=op.f("uq_outgoing_link_id_version_id")),
    )
    op.create_index("ix_outgoing_waiting", "outgoing", ["link_id", "sent_at"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sector", sa.String(length=60), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "released",
                "sent-back",
                "refused",
                "voided",
                "recalled",
                name="proposalstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name=op.f("fk_proposal_asked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_proposal_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("reference", name=op.f("uq_proposal_reference")),
    )
    op.create_index(op.f("ix_proposal_incident_id"), "proposal", ["incident_id"], unique=False)
    op.create_index(op.f("ix_proposal_state"), "proposal", ["state"], unique=False)
    op.create_table(
        "quarantined",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("collection_id", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "taken", "known", "held", "refused", name="outcome", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("stix_id", sa.String(length=300), nullable=True),
        sa.Column("version_text", sa.String(length=40), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_for", sa.String(length=300), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_quarantined_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_quarantined_peer_id_peer")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_quarantined_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined")),
        sa.UniqueConstraint(
            "peer_id", "sha256", "code", name=op.f("uq_quarantined_peer_id_sha256_code")
        ),
    )
    op.create_index(op.f("ix_quarantined_at"), "quarantined", ["at"], unique=False)
    op.create_index(op.f("ix_quarantined_waits_for"), "quarantined", ["waits_for"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "claimed",
                "accepted",
                "added",
                "rejected",
                name="reportstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum("form", "desk", "connector", name="reportsource", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "tlp",
            sa.Enum(
                "clear",
                "green",
                "amber",
                "amber+strict",
                "red",
                name="tlp",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("reporter", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("form_token", sa.String(length=64), nullable=True),
        sa.Column("claimed_by_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"], ["account.id"], name=op.f("fk_report_claimed_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_report_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_report_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("form_token", name=op.f("uq_report_form_token")),
        sa.UniqueConstraint("reference", name=op.f("uq_report_reference")),
    )
    op.create_index("ix_report_decided", "report", ["decided_at", "id"], unique=False)
    op.create_index(op.f("ix_report_incident_id"), "report", ["incident_id"], unique=False)
    op.create_index("ix_report_queue", "report", ["state", "received_at", "id"], unique=False)
    op.create_table(
        "collection_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column(
            "object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brought_by_id", sa.Integer(), nullable=True),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brought_by_id"], ["peer.id"], name=op.f("fk_collection_entry_brought_by_id_peer")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_collection_entry_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["stix_object.id"],
            name=op.f("fk_collection_entry_object_id_stix_object"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_collection_entry_proposal_id_proposal")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_collection_entry_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_entry")),
        sa.UniqueConstraint(
            "collection_id", "version_id", name=op.f("uq_collection_entry_collection_id_version_id")
        ),
    )
    op.create_index("ix_collection_entry_object", "collection_entry", ["object_id"], unique=False)
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opened",
                "report-accepted",
                "report-added",
                "report-removed",
                "note",
                "state",
                "facts",
                "observables",
                "indicator",
                "release-asked",
                "released",
                "release-refused",
                "peer-sighting",
                "revoked",
                name="entrykind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_entry_incident_id_incident")
        ),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_entry_note_id_note")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
    )
    op.create_index("ix_entry_incident_at", "entry", ["incident_id", "at", "id"], unique=False)
    op.create_table(
        "note_text",
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_text_note_id_note")),
        sa.PrimaryKeyConstraint("note_id", "version", name=op.f("pk_note_text")),
    )
    op.create_table(
        "proposal_collection",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_proposal_collection_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["proposal.id"],
            name=op.f("fk_proposal_collection_proposal_id_proposal"),
        ),
        sa.PrimaryKeyConstraint(
            "proposal_id", "collection_id", name=op.f("pk_proposal_collection")
        ),
    )
    op.create_table(
        "proposal_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "ruling",
            sa.Enum(
                "approved", "sent-back", "refused", name="ruling", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_decision_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_proposal_decision_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_decision_proposal_id_proposal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_decision")),
    )
    op.create_index(
        op.f("ix_proposal_decision_proposal_id"), "proposal_decision", ["proposal_id"], unique=False
    )
    op.create_table(
        "proposal_object",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column(
            "object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stix_object.id"], name=op.f("fk_proposal_object_object_id_stix_object")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_object_proposal_id_proposal")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_proposal_object_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint("proposal_id", "object_id", name=op.f("pk_proposal_object")),
    )
    op.create_index(
        op.f("ix_proposal_object_object_id"), "proposal_object", ["object_id"], unique=False
    )
    op.create_table(
        "proposal_row",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.Integer(), nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("agreement", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_proposal_row_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["peer_id"], ["peer.id"], name=op.f("fk_proposal_row_peer_id_peer")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_row_proposal_id_proposal")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["object_version.id"],
            name=op.f("fk_proposal_row_version_id_object_version"),
        ),
        sa.PrimaryKeyConstraint(
            "proposal_id", "collection_id", "peer_id", "version_id", name=op.f("pk_proposal_row")
        ),
    )
    op.create_table(
        "report_observable",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "report_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
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
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_observable_report_id_report")
        ),
        sa.PrimaryKeyConstraint("key", "report_id", name=op.f("pk_report_observable")),
    )
    op.create_index("ix_report_observable_report", "report_observable", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_report_observable_report", table_name="report_observable")
    op.drop_table("report_observable")
    op.drop_table("proposal_row")
    op.drop_index(op.f("ix_proposal_object_object_id"), table_name="proposal_object")
    op.drop_table("proposal_object")
    op.drop_index(op.f("ix_proposal_decision_proposal_id"), table_name="proposal_decision")
    op.drop_table("proposal_decision")
    op.drop_table("proposal_collection")
    op.drop_table("note_text")
    op.drop_index("ix_entry_incident_at", table_name="entry")
    op.drop_table("entry")
    op.drop_index("ix_collection_entry_object", table_name="collection_entry")
    op.drop_table("collection_entry")
    op.drop_index("ix_report_queue", table_name="report")
    op.drop_index(op.f("ix_report_incident_id"), table_name="report")
    op.drop_index("ix_report_decided", table_name="report")
    op.drop_table("report")
    op.drop_index(op.f("ix_quarantined_waits_for"), table_name="quarantined")
    op.drop_index(op.f("ix_quarantined_at"), table_name="quarantined")
    op.drop_table("quarantined")
    op.drop_index(op.f("ix_proposal_state"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_incident_id"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_index("ix_outgoing_waiting", table_name="outgoing")
    op.drop_table("outgoing")
    op.drop_index("ix_object_end_stix_id", table_name="object_end")
    op.drop_table("object_end")
    op.drop_table("object_content")
    op.drop_index(op.f("ix_note_incident_id"), table_name="note")
    op.drop_table("note")
    op.drop_index(op.f("ix_incident_observable_object_id"), table_name="incident_observable")
    op.drop_index("ix_incident_observable_list", table_name="incident_observable")
    op.drop_index("ix_incident_observable_key", table_name="incident_observable")
    op.drop_table("incident_observable")
    op.drop_index(
        "uq_feed_row_open",
        table_name="feed_row",
        sqlite_where=sa.text("closed_us IS NULL"),
        postgresql_where=sa.text("closed_us IS NULL"),
    )
    op.drop_index("ix_feed_row_object", table_name="feed_row")
    op.drop_table("feed_row")
    op.drop_index(op.f("ix_sign_in_account_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index("ix_run_link_started", table_name="run")
    op.drop_table("run")
    op.drop_table("role_grant")
    op.drop_index("ix_page_read_feed", table_name="page_read")
    op.drop_table("page_read")
    op.drop_table("object_version")
    op.drop_index("ix_object_observable_object", table_name="object_observable")
    op.drop_table("object_observable")
    op.drop_index("ix_incident_opened", table_name="incident")
    op.drop_index("ix_incident_list", table_name="incident")
    op.drop_table("incident")
    op.drop_table("draft")
    op.drop_table("agreement_version")
    op.drop_index("ix_stix_object_list", table_name="stix_object")
    op.drop_table("stix_object")
    op.drop_table("receipt")
    op.drop_table("peer_credential")
    op.drop_table("object_facts")
    op.drop_table("named_person")
    op.drop_table("member")
    op.drop_table("link")
    op.drop_table("feed")
    op.drop_table("attachment_content")
    op.drop_index(op.f("ix_agreement_peer_id"), table_name="agreement")
    op.drop_table("agreement")
    op.drop_table("account")
    op.drop_index(op.f("ix_used_form_at"), table_name="used_form")
    op.drop_table("used_form")
    op.drop_table("source")
    op.drop_index("ix_sign_in_failure_source_at", table_name="sign_in_failure")
    op.drop_index("ix_sign_in_failure_name_at", table_name="sign_in_failure")
    op.drop_table("sign_in_failure")
    op.drop_table("reference_counter")
    op.drop_table("person")
    op.drop_table("peer")
    op.drop_table("ourselves")
    op.drop_table("known_marking")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_table("collection")
    op.drop_table("audit_head")
    op.drop_index(op.f("ix_audit_entry_subject"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_act"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_attachment_sha256"), table_name="attachment")
    op.drop_index("ix_attachment_owner", table_name="attachment")
    op.drop_table("attachment")
