"""STIX objects as exact bytes, with the facts read out of them."""
