"""Finds connectors, runs them, keeps their cursors."""
