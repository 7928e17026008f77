"""References such as INC-2026-0042: year and at least four digits, from a row in the database, never reused.

Beside them the ids of STIX.
"""

import re
import uuid
from enum import StrEnum

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from cirt.kernel.db import Base
from cirt.kernel.work import Work

# What can be a STIX id at all; what cannot is never looked up.
STIX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}--[0-9A-Fa-f-]{36}", re.ASCII)


class Reference(StrEnum):
    """Kinds of reference (contract, section 7)."""

    REPORT = "REP"
    INCIDENT = "INC"
    RELEASE = "REL"
    AGREEMENT = "MOU"
    PERMISSION = "PER"


class ReferenceCounter(Base):
    __tablename__ = "reference_counter"

    kind: Mapped[Reference] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


def next_reference(work: Work, kind: Reference) -> str:
    """The next reference of this kind and year. The counter's row stays locked until commit."""
    year = work.now.year
    dialect = work.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        insert(ReferenceCounter)
        .values(kind=kind, year=year, last=1)
        .on_conflict_do_update(
            index_elements=["kind", "year"], set_={"last": ReferenceCounter.last + 1}
        )
        .returning(ReferenceCounter.last)
    )
    number = work.session.execute(
        statement, execution_options={"populate_existing": True}
    ).scalar_one()
    return f"{kind.value}-{year}-{number:04d}"


def new_stix_id(kind: str) -> str:
    """A STIX identifier with a random UUID (STIX 2.1, section 2.9)."""
    return f"{kind}--{uuid.uuid4()}"
