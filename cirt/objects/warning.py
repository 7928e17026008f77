"""The warning list: values that so many name that a match on them means nothing. Operators edit it.

An address stands on it also where a network of the list holds it, and with it a URL at that address. A domain stands on
it by itself: what is on it or below it only where the line says so, for a page on a large site is found by its own URL.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.among import among_given
from cirt.kernel.db import Base
from cirt.kernel.prepared import Prepared
from cirt.objects.listing import Listed, hold
from cirt.objects.observables.kinds import Kind, Observable

_LIST = 0x7761726E  # names the lock of the list


class WarnedValue(Base):
    """A value, network or domain that is too common to be matched on."""

    __tablename__ = "warned_value"
    __table_args__ = (
        sa.Index(  # listed at most once at a time
            "uq_warned_value_key",
            "key",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(  # which lengths of networks there are is asked with every match
            "ix_warned_value_network",
            "kind",
            "prefix",
            sqlite_where=sa.text("ended_at IS NULL AND prefix > 0"),
            postgresql_where=sa.text("ended_at IS NULL AND prefix > 0"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[Kind]
    value: Mapped[str] = mapped_column(sa.Text)
    prefix: Mapped[int]  # of a network; of all else 0
    below: Mapped[bool]  # of a domain: what is on it and below it too
    reason: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(200))
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(200))


_PREFIXES = Prepared(
    sa.select(WarnedValue.kind, WarnedValue.prefix)
    .where(WarnedValue.ended_at.is_(None), WarnedValue.prefix > sa.literal_column("0"))
    .distinct()
)
_LINES = Prepared(
    sa.select(WarnedValue.key, WarnedValue.below).where(
        WarnedValue.ended_at.is_(None), among_given(WarnedValue.key, "keys")
    )
)


def hold_list(connection: sa.Connection) -> None:
    """Until commit nobody else puts values on it."""
    hold(connection, _LIST)


def warned_among(connection: sa.Connection, asked: Iterable[Observable]) -> Listed:
    """What of the list could hold any of these. Two queries."""
    lengths = [(row.kind, row.prefix) for row in _PREFIXES.rows(connection, {})]
    looking = Listed(lengths, {}, by_name=False)
    keys = {key for each in asked for key, _ in looking.keys_for(each)}
    found = _LINES.rows(connection, {"keys": list(keys)})
    return Listed(lengths, {row.key: row.below for row in found}, by_name=False)


def entries_holding(connection: sa.Connection, asked: Iterable[Observable]) -> set[int]:
    """The keys of lines by which these are listed."""
    some = list(asked)
    found = warned_among(connection, some)
    return {key for each in some for key in found.by(each)}
