"""Incidents: the list, and one with its timeline, facts, notes, observables and what of it is shared."""

from cirt.web.pages.incidents import facts, lists, merging, notes, observables, sharing, show
from cirt.web.pages.incidents.bp import bp

__all__ = ["bp", "facts", "lists", "merging", "notes", "observables", "sharing", "show"]
