"""Whom an incident concerns, by name and role."""
