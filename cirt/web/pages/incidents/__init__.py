"""Incidents: the list, and one with its timeline, facts, notes, observables and what of it is shared."""

from cirt.web.pages.incidents import (
    attack,
    deleting,
    facts,
    lists,
    notes,
    observables,
    sharing,
    show,
    tasks,
)
from cirt.web.pages.incidents.bp import bp

__all__ = [
    "attack",
    "bp",
    "deleting",
    "facts",
    "lists",
    "notes",
    "observables",
    "sharing",
    "show",
    "tasks",
]
