"""Incidents: the list, and one with its timeline, facts, notes, observables and what of it is shared."""

from cirt.web.pages.incidents import (
    attack,
    close,
    constituents,
    context,
    deleting,
    facts,
    lists,
    merging,
    notes,
    observables,
    pasting,
    relations,
    severity,
    sharing,
    show,
    tasks,
)
from cirt.web.pages.incidents.bp import bp

__all__ = [
    "attack",
    "bp",
    "close",
    "constituents",
    "context",
    "deleting",
    "facts",
    "lists",
    "merging",
    "notes",
    "observables",
    "pasting",
    "relations",
    "severity",
    "sharing",
    "show",
    "tasks",
]
