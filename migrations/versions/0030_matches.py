"""What values lie within, news of matches, the warning list with what is well known, and what sightings go back.

Expand only. What is stored already gets its lines here, a few thousand values at a time; the code for that is the
program's at this step, copied. A release that runs beside stores values without such lines: these are found by
themselves, and not by the domain above them.
"""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op
from publicsuffixlist import PublicSuffixList

revision = "0030"
down_revision = "0029"

_CHUNK = 5000
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
_HOLDERS = {
    "incident_observable": (0, "incident_id"),
    "report_observable": (1, "report_id"),
    "object_observable": (2, "object_id"),
}
_COMMON = {
    "Private and special addresses (RFC 1918, 6598, 3927, 4193, 4291, 6890)": (
        ("ipv4-addr", "0.0.0.0/8"),
        ("ipv4-addr", "10.0.0.0/8"),
        ("ipv4-addr", "100.64.0.0/10"),
        ("ipv4-addr", "127.0.0.0/8"),
        ("ipv4-addr", "169.254.0.0/16"),
        ("ipv4-addr", "172.16.0.0/12"),
        ("ipv4-addr", "192.168.0.0/16"),
        ("ipv4-addr", "224.0.0.0/4"),
        ("ipv4-addr", "240.0.0.0/4"),
        ("ipv6-addr", "::"),
        ("ipv6-addr", "::1"),
        ("ipv6-addr", "fc00::/7"),
        ("ipv6-addr", "fe80::/10"),
        ("ipv6-addr", "ff00::/8"),
    ),
    "A public name server": (
        *(
            ("ipv4-addr", value)
            for value in (
                "1.0.0.1",
                "1.1.1.1",
                "4.2.2.1",
                "4.2.2.2",
                "8.8.4.4",
                "8.8.8.8",
                "9.9.9.9",
                "64.6.64.6",
                "64.6.65.6",
                "76.76.2.0",
                "76.76.10.0",
                "77.88.8.1",
                "77.88.8.8",
                "94.140.14.14",
                "94.140.15.15",
                "114.114.114.114",
                "119.29.29.29",
                "149.112.112.112",
                "180.76.76.76",
                "185.222.222.222",
                "208.67.220.220",
                "208.67.222.222",
                "223.5.5.5",
                "223.6.6.6",
            )
        ),
        *(
            ("ipv6-addr", value)
            for value in (
                "2001:4860:4860::8844",
                "2001:4860:4860::8888",
                "2606:4700:4700::1001",
                "2606:4700:4700::1111",
                "2620:119:35::35",
                "2620:119:53::53",
                "2620:fe::9",
                "2620:fe::fe",
            )
        ),
        ("domain-name", "dns.google"),
        ("domain-name", "one.one.one.one"),
    ),
    "One of the most visited sites": tuple(
        ("domain-name", prefix + name)
        for name in (
            "amazon.com",
            "apple.com",
            "baidu.com",
            "bing.com",
            "cloudflare.com",
            "facebook.com",
            "github.com",
            "google.com",
            "instagram.com",
            "linkedin.com",
            "live.com",
            "microsoft.com",
            "mozilla.org",
            "netflix.com",
            "office.com",
            "paypal.com",
            "qq.com",
            "reddit.com",
            "telegram.org",
            "tiktok.com",
            "twitter.com",
            "whatsapp.com",
            "wikipedia.org",
            "x.com",
            "yahoo.com",
            "yandex.ru",
            "youtube.com",
        )
        for prefix in ("", "www.")
    ),
    "The update service of an operating system": tuple(
        ("domain-name", name)
        for name in (
            "ctldl.windowsupdate.com",
            "download.windowsupdate.com",
            "update.microsoft.com",
            "windowsupdate.com",
            "www.msftconnecttest.com",
            "www.msftncsi.com",
        )
    ),
    "The digest of an empty file": (
        ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("sha-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("sha-256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "sha-512",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
    ),
}


def upgrade() -> None:
    op.create_table(
        "wider_key",
        sa.Column("wider", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("wider", "holder", "key", name="pk_wider_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match_news",
        sa.Column("id", _big(), nullable=False),
        sa.Column("incident_id", _big(), nullable=False),
        sa.Column("run_id", _big()),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_match_news"),
        sa.UniqueConstraint("incident_id", "run_id", name="uq_match_news_incident_id_run_id"),
    )
    op.create_index("ix_match_news_at", "match_news", ["at", "incident_id"])
    _make_warned()
    op.add_column("peer", sa.Column("sightings", _back(), nullable=False, server_default="ask"))
    connection = op.get_bind()
    for table, (holder, owner) in _HOLDERS.items():
        _fill_wider(connection, table, holder, owner)


def downgrade() -> None:
    op.drop_column("peer", "sightings")
    op.drop_table("warned_value")
    op.drop_index("ix_match_news_at", "match_news")
    op.drop_table("match_news")
    op.drop_table("wider_key")


def _make_warned() -> None:
    kind = sa.Enum(*_KINDS, name="kind", native_enum=False, length=32)
    warned = op.create_table(
        "warned_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Integer(), nullable=False),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_warned_value"),
    )
    is_listed = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_warned_value_key",
        "warned_value",
        ["key"],
        unique=True,
        sqlite_where=is_listed,
        postgresql_where=is_listed,
    )
    op.bulk_insert(warned, list(_well_known()))


def _well_known() -> Iterator[dict[str, Any]]:
    for reason, values in _COMMON.items():
        for kind, value in values:
            yield {
                "key": _key(kind, value),
                "kind": kind,
                "value": value,
                "prefix": int(value.partition("/")[2] or 0),
                "below": False,
                "reason": reason,
                "author": "cirt",
                "added_at": datetime.now(UTC),
            }


def _fill_wider(connection: sa.Connection, table: str, holder: int, owner: str) -> None:
    suffixes = PublicSuffixList(accept_unknown=False, only_icann=False)
    asked = sa.text(
        f"SELECT key, {owner} AS owner, kind, value FROM {table}"  # noqa: S608 - names from above
        f" WHERE kind IN ('domain-name', 'url') AND (key, {owner}) > (:key, :owner)"
        f" ORDER BY key, {owner} LIMIT {_CHUNK}"
    )
    insert = sa.text(
        "INSERT INTO wider_key (wider, holder, key) VALUES (:wider, :holder, :key)"
        " ON CONFLICT (wider, holder, key) DO NOTHING"
    )
    last = {"key": -(2**63), "owner": 0}
    while rows := connection.execute(asked, last).all():
        last = {"key": rows[-1].key, "owner": rows[-1].owner}
        lines = [
            {"wider": wider, "holder": holder, "key": row.key}
            for row in rows
            for wider in _wider(suffixes, row.kind, row.value)
        ]
        if lines:
            connection.execute(insert, lines)


def _wider(suffixes: PublicSuffixList, kind: str, value: str) -> Iterator[int]:
    name = value
    if kind == "url":
        place = value.partition("://")[2].partition("/")[0].rpartition("@")[2]
        if place.startswith("["):
            yield _key("ipv6-addr", place[1:].partition("]")[0])
            return
        name = place.partition(":")[0]
        if name.replace(".", "").isdigit():
            yield _key("ipv4-addr", name)
            return
        if "." not in name:
            return
        yield _key("domain-name", name)
    suffix = suffixes.publicsuffix(name) or name.rpartition(".")[2]
    while (name := name.partition(".")[2]) and len(name) > len(suffix):
        yield _key("domain-name", name)


def _key(kind: str, value: str) -> int:
    if kind == "ipv4-addr":
        address, _, prefix = value.partition("/")
        return (0x527634 << 38) | (int(ipaddress.IPv4Address(address)) << 6) | int(prefix or "32")
    text = value if kind == "ipv6-addr" else f"{kind}:{value}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    if kind == "ipv6-addr":
        return (0x636 << 52) | (int.from_bytes(digest) >> 12)
    return int.from_bytes(digest, "big", signed=True)


def _back() -> sa.Enum:
    return sa.Enum(
        "never", "ask", "anonymous", name="sightingsback", native_enum=False, length=32
    )


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
