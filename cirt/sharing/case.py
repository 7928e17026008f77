"""One question put to the rules for peers, and whether an agreement is in force at all. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cirt.sharing.facts import Consent, Facts, PeerReader, Terms
from cirt.sharing.models import AgreementState

SHARED = "shared"  # kinds of collection, as release names them
INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Case:
    """One question put to every rule."""

    facts: Facts
    reader: PeerReader
    kind: str | None  # of the collection it stands in; None: none yet
    posted: bool  # a peer put it into that collection
    now: datetime
    consent: Consent

    @property
    def is_posted_here(self) -> bool:
        """By which its bringer permits the members of a shared collection to have it."""
        return self.posted and self.kind == SHARED

    @property
    def is_permitted(self) -> bool:
        return self.is_posted_here or self.is_on_record

    @property
    def is_on_record(self) -> bool:
        permits = self.consent.permits
        return any(each.covers(self.facts, self.reader, self.now) for each in permits)


PeerRule: TypeAlias = Callable[[Case], str | None]


def agreement_rule(reader: PeerReader, now: datetime) -> str | None:
    """Why no agreement is in force with this peer; None if one is."""
    return "peer-suspended" if reader.suspended else terms_rule(reader.terms, now)


def terms_rule(terms: Terms | None, now: datetime) -> str | None:
    """Why these terms are not in force; None if they are."""
    if terms is None:
        return "agreement-none"
    if terms.state is not AgreementState.IN_FORCE:
        return f"agreement-{terms.state.value}"
    if now < terms.valid_from:
        return "agreement-not-yet"
    if terms.valid_until is not None and now >= terms.valid_until:
        return "agreement-ended"
    return None
