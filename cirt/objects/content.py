"""The exact bytes of object versions. Only the store (writes) and the gate (reads) import this module."""

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.among import among_given
from cirt.kernel.db import Base, BigId
from cirt.kernel.prepared import Prepared


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
    read = _joined_by_sqlite if connection.dialect.name == "sqlite" else _joined_here
    found, body = read(connection, version_ids)
    if found != len(version_ids):
        raise LookupError(f"{len(version_ids) - found} versions have no content")
    return body


def says_the_same(connection: sa.Connection, version_id: int, raw: bytes) -> bool:
    """Whether these bytes are the JSON of that version, in another order or with other spaces; some servers write anew."""
    place = {"first": version_id, "last": version_id}
    rows = _RUN.plain(connection, place, binary=True)  # none yet where both came in one call
    return any(_in_order(body) == _in_order(raw) for (body,) in rows)


def _in_order(raw: bytes) -> bytes:
    return orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS)


def _is_run(version_ids: Sequence[int]) -> bool:
    """One after the other without a gap, as what came together stands: read so, they cost a third."""
    return all(map(operator.eq, version_ids, itertools.count(version_ids[0])))


def _joined_here(connection: sa.Connection, version_ids: Sequence[int]) -> tuple[int, bytes]:
    if _is_run(version_ids):
        values = {"first": version_ids[0], "last": version_ids[-1]}
        run = [body for (body,) in _RUN.plain(connection, values, binary=True)]
        return len(run), b",".join(run)
    bodies = dict(_ROWS.plain(connection, {"ids": version_ids}, binary=True))
    return len(bodies), b",".join(bodies[each] for each in version_ids if each in bodies)


def _joined_by_sqlite(connection: sa.Connection, version_ids: Sequence[int]) -> tuple[int, bytes]:
    """One row: the module gives up its thread at each, and a row for each body is most of what they cost."""
    if _is_run(version_ids):
        values = {"first": version_ids[0], "last": version_ids[-1]}
        [(found, body)] = _RUN_JOINED.plain(connection, values)
    else:
        given = {"ids": orjson.dumps(version_ids).decode()}
        [(found, body)] = _JOINED.plain(connection, given)
    return found, body or b""


_VERSION = ObjectContent.version_id
_ONE_BY_ONE = (
    sa.select(ObjectContent.body)
    .where(_VERSION.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(_VERSION)
)
_GIVEN = sa.func.json_each(sa.bindparam("ids")).table_valued("key", "value")
_AS_GIVEN = (
    sa.select(ObjectContent.body)
    .join_from(_GIVEN, ObjectContent, _GIVEN.c.value == _VERSION)
    .order_by(_GIVEN.c.key)
)


def _joined(bodies: sa.Select[*tuple[Any, ...]]) -> Prepared:
    """One row: how many there are, and all of them."""
    body = sa.func.group_concat(bodies.subquery().c.body, ",")
    return Prepared(
        sa.select(sa.func.count().label("found"), sa.cast(body, sa.LargeBinary).label("body"))
    )


_RUN = Prepared(_ONE_BY_ONE)
_ROWS = Prepared(sa.select(_VERSION, ObjectContent.body).where(among_given(_VERSION, "ids")))
_RUN_JOINED, _JOINED = _joined(_ONE_BY_ONE), _joined(_AS_GIVEN)
