"""Agreements: what a peer may receive and send, from when to when."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base
from cirt.kernel.tlp import Tlp


class Level(StrEnum):
    TLP_ACK = "tlp-ack"
    MOU = "mou"
    MOU_NDA = "mou+nda"


class Direction(StrEnum):
    GIVE = "give"
    TAKE = "take"
    BOTH = "both"


class AgreementState(StrEnum):
    DRAFT = "draft"
    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Agreement(Base):
    __tablename__ = "agreement"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(16), unique=True)
    peer_id: Mapped[int] = mapped_column(sa.ForeignKey("peer.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[AgreementState]
    level: Mapped[Level]
    ceiling: Mapped[Tlp]  # at most AMBER+STRICT (rulings 5)
    default_tlp: Mapped[Tlp | None]
    direction: Mapped[Direction]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]  # first instant after the last day
    types: Mapped[list[str]]  # empty: all
    sectors: Mapped[list[str]]  # empty: all
    transit: Mapped[bool] = mapped_column(default=False)
    ceiling_in: Mapped[Tlp] = mapped_column(default=Tlp.AMBER_STRICT)  # of what they send
    personal_data: Mapped[bool] = mapped_column(default=False)
    attribution: Mapped[bool] = mapped_column(default=True)  # its name may be told as the source
    tlp: Mapped[Tlp] = mapped_column(default=Tlp.AMBER)  # of the agreement's own text
    record: Mapped[dict[str, Any]] = mapped_column(default=dict)  # see agreements.record
    created_at: Mapped[datetime]


class AgreementVersion(Base):
    """The terms of each version, for history; a change is a new version."""

    __tablename__ = "agreement_version"

    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    terms: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(sa.String(200))  # who asked, where another approved
    approved_by: Mapped[str | None] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.Text, default="")


class NamedPerson(Base):
    """Who may see one TLP:RED report, incident or note, whatever their role (rulings 5)."""

    __tablename__ = "named_person"

    subject: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # REP-…, INC-…, note-7
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
