"""Marked rows above the gate: each table says here where its marking stands, so that nobody hands it in."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from cirt.kernel.errors import NotFound
from cirt.kernel.tlp import Tlp
from cirt.sharing.facts import Facts
from cirt.sharing.models import Agreement, NamedPerson


@dataclass(frozen=True, slots=True)
class MarkedTable:
    reference: InstrumentedAttribute[Any]
    tlp: InstrumentedAttribute[Tlp]


_TABLES: dict[str, MarkedTable] = {}


def mark_table(
    prefix: str, reference: InstrumentedAttribute[Any], tlp: InstrumentedAttribute[Tlp]
) -> None:
    """Rows whose reference begins with ``prefix`` and a hyphen are marked by this column."""
    _TABLES[prefix] = MarkedTable(reference, tlp)


def facts_of_row(session: Session, subject: str) -> Facts:
    """What the gate decides by for a row named like REP-2026-0001.

    Raises:
        NotFound: no such row, or no table of that kind has said where its marking is.
    """
    prefix = subject.partition("-")[0]
    table = _TABLES.get(prefix)
    query = sa.select(table.tlp).where(table.reference == subject) if table else None
    tlp = None if query is None else session.scalar(query)
    if tlp is None:
        raise NotFound
    named = session.scalars(sa.select(NamedPerson.person_id).where(NamedPerson.subject == subject))
    return Facts(type=prefix, tlp=tlp, written_tlp=tlp, named=frozenset(named))


mark_table("MOU", Agreement.reference, Agreement.tlp)  # its signed text
