"""Permissions: what a source has let us pass on, to whom, until when, and how we know."""
