"""Agreements as working objects: made, changed by two, narrowed by one, ended, and their ends announced."""
