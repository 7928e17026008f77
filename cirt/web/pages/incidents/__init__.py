"""Incidents: the list, and one with its timeline, facts, notes, observables and what of it is shared."""

from cirt.web.pages.incidents import (
    close,
    constituents,
    context,
    facts,
    lists,
    merging,
    notes,
    observables,
    relations,
    severity,
    sharing,
    show,
)
from cirt.web.pages.incidents.bp import bp

__all__ = [
    "bp",
    "close",
    "constituents",
    "context",
    "facts",
    "lists",
    "merging",
    "notes",
    "observables",
    "relations",
    "severity",
    "sharing",
    "show",
]
