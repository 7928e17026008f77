"""What reports are compared by."""

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base, BigId


class TraitKind(StrEnum):
    TEXT = "text"
    ORGANISATION = "organisation"
    CONTACT = "contact"


class ReportTrait(Base):
    """One trait of a report as a number that equal traits share; see :mod:`cirt.register.likeness.traits`."""

    __tablename__ = "report_trait"
    __table_args__ = (
        sa.Index("ix_report_trait_report", "report_id"),
        {"sqlite_with_rowid": False},  # half the size: the key is all that is looked for
    )

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    report_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[TraitKind]
    of: Mapped[int] = mapped_column(sa.SmallInteger)  # how many of its kind the report has
