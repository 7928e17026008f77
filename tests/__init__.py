"""Tests of cirt."""
