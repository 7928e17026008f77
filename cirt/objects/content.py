"""The exact bytes of object versions. Only the store (writes) and the gate (reads) import this module."""

from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.among import among
from cirt.kernel.db import BINARY, Base, BigId


class ObjectContent(Base):
    __tablename__ = "object_content"

    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True, autoincrement=False
    )
    body: Mapped[bytes]


def read_joined(connection: sa.Connection, version_ids: Sequence[int]) -> bytes:
    """The bytes of all of these, joined by commas, in the order given.

    Raises:
        LookupError: of one there are none.
    """
    if connection.dialect.name == "sqlite":
        found, body = _joined_by_sqlite(connection, version_ids)
    else:
        query = sa.select(ObjectContent.version_id, ObjectContent.body)
        query = query.where(among(ObjectContent.version_id, version_ids))
        bodies = dict(connection.execute(query, execution_options={BINARY: True}).all())
        found, body = len(bodies), b",".join(bodies[each] for each in version_ids)
    if found != len(version_ids):
        raise LookupError(f"{len(version_ids) - found} versions have no content")
    return body


def _joined_by_sqlite(connection: sa.Connection, version_ids: Sequence[int]) -> tuple[int, bytes]:
    """One row: the module gives up its thread at each, and a row for each body is most of what they cost."""
    given = sa.func.json_each(orjson.dumps(version_ids).decode()).table_valued("key", "value")
    bodies = (
        sa.select(ObjectContent.body)
        .join_from(given, ObjectContent, ObjectContent.version_id == given.c.value)
        .order_by(given.c.key)
        .subquery()
    )
    joined = sa.cast(sa.func.group_concat(bodies.c.body, ","), sa.LargeBinary)
    found, body = connection.execute(sa.select(sa.func.count(), joined)).one()
    return found, body or b""
