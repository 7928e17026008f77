"""Requests that a peer become a member of a collection."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base
from cirt.parties.four_eyes.models import FourEyes


class MemberRequest(FourEyes, Base):
    """Bound by its digest to the collection, the peer, and the terms that held when it was asked."""

    __tablename__ = "member_request"

    collection_id: Mapped[int] = mapped_column(sa.ForeignKey("collection.id"))
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), index=True)
