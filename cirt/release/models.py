"""Collections, each reader's feed with its ledger, and proposals to release."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class CollectionKind(StrEnum):
    """Who may do what (contract, section 6)."""

    PUBLISHED = "published"
    SHARED = "shared"
    INBOX = "inbox"


class Collection(Base):
    __tablename__ = "collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    alias: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[CollectionKind]
    created_at: Mapped[datetime]


class Member(Base):
    """A peer that may use a collection; what it may see there is decided object by object."""

    __tablename__ = "member"

    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"), primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), primary_key=True)
    since: Mapped[datetime]


class CollectionEntry(Base):
    """A version that stands in a collection; readers' feeds are made from these.

    Whoever writes one holds the collection, so of its parents only the version is a foreign key (decision 11).
    """

    __tablename__ = "collection_entry"
    __table_args__ = (
        sa.UniqueConstraint("collection_id", "version_id"),
        sa.Index("ix_collection_entry_object", "object_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    collection_id: Mapped[int]
    object_id: Mapped[int] = mapped_column(BigId)  # the version's, beside it to be found by
    version_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("object_version.id"))
    added_at: Mapped[datetime]
    brought_by_id: Mapped[int | None]  # NULL: ourselves
    proposal_id: Mapped[int | None]


class Feed(Base):
    """What one reader is offered in one collection, in order (rulings 17)."""

    __tablename__ = "feed"
    __table_args__ = (sa.UniqueConstraint("peer_id", "collection_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"))
    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"))
    last_us: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # newest date given, see FeedRow
    closed_us: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # newest closing of a row
    settled_for: Mapped[str | None] = mapped_column(sa.String(40))  # terms it was last made for


class FeedRow(Base):
    """One version offered to one reader. The feed is the ledger: rows are closed, never removed.

    Offers and closings draw from one counter per feed, so what stood open at any earlier moment can be
    told without asking a clock. Whoever writes one holds the feed, so of its parents only the version is a
    foreign key (decision 11).
    """

    __tablename__ = "feed_row"
    __table_args__ = (
        sa.Index(  # offered at most once at a time
            "uq_feed_row_open",
            "feed_id",
            "version_id",
            unique=True,
            sqlite_where=sa.text("closed_us IS NULL"),
            postgresql_where=sa.text("closed_us IS NULL"),
        ),
        sa.Index("ix_feed_row_object", "object_id", "feed_id"),
        {"sqlite_with_rowid": False},  # rows lie in the order in which pages read them
    )

    feed_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    date_us: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    object_id: Mapped[int] = mapped_column(BigId)  # the version's, beside it to be found by
    version_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("object_version.id"))
    is_first: Mapped[bool]
    is_last: Mapped[bool]
    recall: Mapped[bool] = mapped_column(default=False)  # passes over marking and scope
    closed_us: Mapped[int | None] = mapped_column(sa.BigInteger)


class PageRead(Base):
    """One answered page with objects; what was fetched is derived from these.

    It showed every row that its filter admits from ``from_us`` to ``to_us``; or only those of ``shown``, where the
    gate kept others between them that no act has closed yet, such as those whose day has run out.
    """

    __tablename__ = "page_read"
    __table_args__ = (sa.Index("ix_page_read_feed", "feed_id", "id"),)  # accounted for in order

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    feed_id: Mapped[int] = mapped_column(sa.ForeignKey("feed.id"))
    endpoint: Mapped[str] = mapped_column(sa.String(16))
    filters: Mapped[dict[str, Any]]
    page_limit: Mapped[int]
    from_us: Mapped[int] = mapped_column(sa.BigInteger)
    to_us: Mapped[int] = mapped_column(sa.BigInteger)
    head_us: Mapped[int] = mapped_column(sa.BigInteger)  # the feed's counter when it was read
    count: Mapped[int]
    at: Mapped[datetime]
    agreement: Mapped[str | None] = mapped_column(sa.String(40))  # that held then: MOU-2026-0001 v2
    shown: Mapped[list[int] | None] = mapped_column(sa.JSON(none_as_null=True))  # dates; NULL: all


class ProposalState(StrEnum):
    """States of a release (rulings 14)."""

    ASKED = "asked"
    RELEASED = "released"
    SENT_BACK = "sent-back"
    REFUSED = "refused"
    VOIDED = "voided"
    RECALLED_IN_PART = "recalled-in-part"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"  # by whoever asked


class Proposal(Base):
    """A request that objects leave, with the digest of exactly what was shown."""

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(16), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.Text)
    sector: Mapped[str | None] = mapped_column(sa.String(60))
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.ASKED, index=True)
    incident_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("incident.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    why_void: Mapped[str | None] = mapped_column(sa.String(40))  # one of eyes.WHY_VOID
    version: Mapped[int] = mapped_column(default=1)


class ProposalObject(Base):
    __tablename__ = "proposal_object"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    object_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("stix_object.id"), primary_key=True, index=True
    )
    version_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("object_version.id"))


class ProposalCollection(Base):
    __tablename__ = "proposal_collection"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"), primary_key=True)


class ProposalAsker(Base):
    """Everybody who asked for it, first or again; none of them decides on it."""

    __tablename__ = "proposal_asker"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(  # whose account it was then
        sa.ForeignKey("person.id"), primary_key=True
    )


class ProposalPerson(Base):
    """A named person of a peer to whom it would go by encrypted mail."""

    __tablename__ = "proposal_person"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_person.id"), primary_key=True)


class Ruling(StrEnum):
    APPROVED = "approved"
    SENT_BACK = "sent-back"
    REFUSED = "refused"


class ProposalDecision(Base):
    """One person's word on one proposal, bound to the digest that was shown."""

    __tablename__ = "proposal_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    ruling: Mapped[Ruling]
    comment: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    voided: Mapped[bool] = mapped_column(default=False)
    why_void: Mapped[str | None] = mapped_column(sa.String(40))
    at: Mapped[datetime]


class ProposalRow(Base):
    """The verdict for one version and one recipient as last weighed: leaving or not, and why."""

    __tablename__ = "proposal_row"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"), primary_key=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True
    )
    verdict: Mapped[str] = mapped_column(sa.String(20))
    rule: Mapped[str] = mapped_column(sa.String(40))
    values: Mapped[dict[str, Any]]  # of the rule's sentence
    agreement: Mapped[str | None] = mapped_column(sa.String(24))  # MOU-2026-0001 v2


class ProposalPersonRow(Base):
    """The same for one version and one named person; ``fingerprint`` is of the key it would be encrypted for."""

    __tablename__ = "proposal_person_row"

    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement_person.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("object_version.id"), primary_key=True
    )
    verdict: Mapped[str] = mapped_column(sa.String(20))
    rule: Mapped[str] = mapped_column(sa.String(40))
    values: Mapped[dict[str, Any]]
    agreement: Mapped[str | None] = mapped_column(sa.String(24))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
