"""Give addresses keys in their own order, so that a network finds what lies within it.

The keys of IPv4 and IPv6 observables are computed anew from their values, in place. The code is that of the
program at this step, copied, for the program's may change.
"""

from collections.abc import Callable
from hashlib import blake2b
from socket import AF_INET, inet_pton

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CHUNK = 2000
_TABLES = {
    "object_observable": "object_id",
    "report_observable": "report_id",
    "incident_observable": "id",
}


def upgrade() -> None:
    _rewrite(_new_key)


def downgrade() -> None:
    _rewrite(_old_key)


def _rewrite(key_of: Callable[[str, str], int]) -> None:
    connection = op.get_bind()
    for table, owner in _TABLES.items():
        rows = connection.execute(
            sa.text(
                f"SELECT key, {owner}, kind, value FROM {table}"  # noqa: S608 - names from above
                " WHERE kind IN ('ipv4-addr', 'ipv6-addr')"
            )
        ).all()
        update = sa.text(
            f"UPDATE {table} SET key = :new WHERE key = :old AND {owner} = :owner"  # noqa: S608
        )
        for start in range(0, len(rows), _CHUNK):
            changes = [
                {"old": old, "owner": owner_id, "new": key_of(kind, value)}
                for old, owner_id, kind, value in rows[start : start + _CHUNK]
            ]
            connection.execute(update, changes)


def _old_key(kind: str, value: str) -> int:
    digest = blake2b(f"{kind}:{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _new_key(kind: str, value: str) -> int:
    if kind == "ipv6-addr":
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return (0x636 << 52) | (int.from_bytes(digest) >> 12)
    address, _, prefix = value.partition("/")
    try:
        number = int.from_bytes(inet_pton(AF_INET, address))
    except OSError:  # not canonical, and so as the program has it
        return _old_key(kind, value)
    return (0x527634 << 38) | (number << 6) | int(prefix or "32")
