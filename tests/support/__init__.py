"""Builders, served instances and foreign servers for the tests."""
