"""Figures: what was done, counted; no content."""
