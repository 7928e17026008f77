"""Untrusted mappings to commands: one marshmallow schema per command."""
