"""Our own exchange keys, how far files have come with each peer, and the files that we made."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class OwnKey(Base):
    """Our signing and our sealing key; the private part is sealed with the installation's secret."""

    __tablename__ = "exchange_key"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]


class Carried(Base):
    """How far files have come with one peer, both ways."""

    __tablename__ = "carried"

    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), primary_key=True)
    taken_number: Mapped[int] = mapped_column(default=0)  # of the peer's files, the last whole one
    taken_file: Mapped[str | None] = mapped_column(sa.String(64))  # its digest
    taken_made_at: Mapped[datetime | None]  # when the peer made it, by its clock
    taken_at: Mapped[datetime | None]
    open_file: Mapped[str | None] = mapped_column(sa.String(64))  # one that is half taken
    open_pages: Mapped[int] = mapped_column(default=0)  # of it
    told_number: Mapped[int] = mapped_column(default=0)  # of ours, what the peer says it took
    said_number: Mapped[int] = mapped_column(default=0)  # of theirs, what we told them we took


class CarriedFile(Base):
    """One file that we made for a peer. ``begins`` and ``ends`` are dates of the peer's feeds, by the feed's number."""

    __tablename__ = "carried_file"
    __table_args__ = (sa.UniqueConstraint("peer_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    number: Mapped[int]
    follows: Mapped[int]  # the number of the file after which this one says all
    made_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    objects: Mapped[int]
    begins: Mapped[dict[str, Any]]
    ends: Mapped[dict[str, Any]]
    is_written: Mapped[bool] = mapped_column(default=False)  # it stands where it was asked for
    taken_at: Mapped[datetime | None]  # when a file of the peer's told us
