"""What was fetched, accounted for from the pages that were answered; and what went out on other ways."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId
from cirt.release.models import FeedRow


class FetchedRow(Base):
    """The first answered page by which a row of a feed went to its reader.

    Derived from ``page_read`` (``holdings.accounting``), so that nobody has to look through pages to know it. It is
    keyed as the row of the feed is; ``facts_id`` is the marking under which it went.
    """

    __tablename__ = "fetched"
    __table_args__ = (
        sa.Index("ix_fetched_object", "object_id", "feed_id"),
        sa.Index("ix_fetched_at", "feed_id", "at_us"),
        {"sqlite_with_rowid": False},
    )

    feed_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    date_us: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    object_id: Mapped[int] = mapped_column(BigId)
    version_id: Mapped[int] = mapped_column(BigId)
    facts_id: Mapped[int]
    page_id: Mapped[int] = mapped_column(BigId)
    at_us: Mapped[int] = mapped_column(sa.BigInteger)
    agreement_id: Mapped[int | None]  # NULL: not known, for pages answered before this was kept


def was_fetched() -> sa.ColumnElement[bool]:
    """On FeedRow: its reader has fetched it, as far as pages are accounted for."""
    return sa.exists().where(
        FetchedRow.feed_id == FeedRow.feed_id, FetchedRow.date_us == FeedRow.date_us
    )


class Accounted(Base):
    """Up to which answered page of a feed all is in ``fetched``."""

    __tablename__ = "accounted"

    feed_id: Mapped[int] = mapped_column(sa.ForeignKey("feed.id"), primary_key=True)
    page_id: Mapped[int] = mapped_column(BigId, default=0)


class Exit(StrEnum):
    """Ways out beside the pages that a peer fetches."""

    PUSH = "push"  # written by us into a collection of theirs
    FILE = "file"  # in a folder from which they fetch it
    EXPORT = "export"  # saved by a person for them
    MAIL = "mail"  # to a person of theirs


class HandedOut(Base):
    """One version that went to one peer by a way that is not a page of its feed."""

    __tablename__ = "handed_out"
    __table_args__ = (
        sa.Index("ix_handed_out_object", "object_id"),
        sa.Index("ix_handed_out_peer", "peer_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    object_id: Mapped[int] = mapped_column(BigId)
    version_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("object_version.id"))
    facts_id: Mapped[int]
    exit: Mapped[Exit]
    at: Mapped[datetime]
    agreement: Mapped[str | None] = mapped_column(sa.String(40))
    agreement_id: Mapped[int | None]
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))  # NULL: by itself
    person: Mapped[str | None] = mapped_column(sa.String(200))  # of theirs, where it went to one
    reference: Mapped[str | None] = mapped_column(
        sa.String(16)
    )  # of the release, where there is one
