"""Sending what was released to a peer's collection."""
