"""Exports: files that staff save, of what the gate lets go to whoever they are for."""
