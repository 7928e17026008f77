"""What a block asks of the database: statements of SQLAlchemy and those that go to the driver as they are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import sqlalchemy as sa

from cirt.kernel.prepared import Prepared


class Asked(NamedTuple):
    """``values`` as the driver got them."""

    text: str
    values: Any


@contextmanager
def asked_of(engine: sa.Engine) -> Iterator[list[Asked]]:
    """In their order, for as long as the block lasts."""
    found: list[Asked] = []

    def note(_connection: Any, _cursor: Any, text: str, values: Any, *_more: Any) -> None:
        found.append(Asked(text, values))

    def plain(
        one: Prepared, connection: sa.Connection, values: Mapping[str, Any], **more: Any
    ) -> list[Any]:
        if connection.engine.pool is engine.pool:  # an option makes another engine of it
            form = one._form(connection)
            bound = form.bind(values)
            found.append(Asked(form.text, tuple(bound) if isinstance(bound, list) else bound))
        return as_it_is(one, connection, values, **more)

    as_it_is = Prepared.plain
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(Prepared, "plain", plain):
            yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
