"""What an agreement records and nothing is decided on: names, contacts, purposes, dates, the signed text."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to reach on the other side, and when: ``hours`` is text such as “round the clock”."""

    name: str
    role: str = ""
    mail: str = ""
    phone: str = ""
    languages: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Times are in hours and months; ``copy_id`` is the attachment with the signed text."""

    our_name: str = ""  # legal names of the two parties
    their_name: str = ""
    signed_on: date | None = None
    review_on: date | None = None
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    urgent_h: int | None = None
    answer_h: int | None = None
    keep_months: int | None = None
    copy_id: int | None = None
    copy_sha256: str = ""

    def as_data(self) -> dict[str, Any]:
        """Without what is empty."""
        found = asdict(self)
        for name in ("signed_on", "review_on"):
            found[name] = found[name].isoformat() if found[name] else None
        for name in ("purposes", "categories", "contacts"):
            found[name] = list(found[name])
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        given = dict(data)
        for name in ("signed_on", "review_on"):
            if name in given:
                given[name] = date.fromisoformat(given[name])
        for name in ("purposes", "categories"):
            given[name] = tuple(given.get(name, ()))
        given["contacts"] = tuple(Contact(**each) for each in given.get("contacts", ()))
        return cls(**given)
