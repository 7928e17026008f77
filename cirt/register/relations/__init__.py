"""Incidents that belong together, and everything an incident touches."""
