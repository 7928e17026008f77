"""Connectors that come with cirt; they import cirt.plugin only."""
