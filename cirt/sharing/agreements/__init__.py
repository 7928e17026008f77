"""Agreements: who is named in them for TLP:RED."""
