"""Builds everything from settings, and starts it: ``cirt up``, ``cirt web``, ``cirt worker``, ``cirt demo``."""
